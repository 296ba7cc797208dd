"""The SDKs as functions: each runs in a child process that answers a line of JSON with a line of JSON."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local.conformance.environments import (
    ALIPAY_SDK_PYTHON,
    PYTHON_ALIPAY_SDK,
    ROOT,
    SDKS,
    node_sdk,
    python_sdk,
    why_no_node,
)


class SdkRaised(Exception):
    """What the SDK itself raised, as `TypeError: …`."""


class Driver:
    """A running child process. The drivers under tests/conformance/sdks/ tell which calls there are."""

    def __init__(self, command: Sequence[str], *, python_path: str = "") -> None:
        self._process = subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": python_path, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, call: str, **arguments: Any) -> Any:
        """What the call returned. Raises SdkRaised."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("The driver was started without pipes")
        self._process.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The driver ended with {self._process.wait()} at {call}")
        answer = json.loads(line)
        if "raised" in answer:
            raise SdkRaised(answer["raised"])
        return answer["returned"]


@dataclass(frozen=True)
class Sdks:
    """The three SDKs, running. `node` is None where there is no Node."""

    alipay_sdk_python: Driver
    python_alipay_sdk: Driver
    node: Driver | None


@contextmanager
def running_sdks() -> Iterator[Sdks]:
    """Installs what is not installed yet, starts the drivers and ends them. Raises SetUpFailed."""
    with ThreadPoolExecutor() as side_by_side:
        node_home = None if why_no_node() else side_by_side.submit(node_sdk)
        python_homes = list(side_by_side.map(python_sdk, (ALIPAY_SDK_PYTHON, PYTHON_ALIPAY_SDK)))
    with ExitStack() as stack:
        modules = ("driver_alipay_sdk_python", "driver_python_alipay_sdk")
        official, community = (
            stack.enter_context(_python(module, home)) for module, home in zip(modules, python_homes, strict=True)
        )
        node = stack.enter_context(_node(node_home.result())) if node_home else None
        yield Sdks(official, community, node)


def _python(module: str, home: Path) -> Driver:
    # -S: nothing of the project's own environment, only the standard library and the SDK's closure.
    return Driver([sys.executable, "-S", "-m", f"tests.conformance.sdks.{module}"], python_path=str(home))


def _node(home: Path) -> Driver:
    return Driver([shutil.which("node") or "node", str(SDKS / "driver.mjs"), str(home)])
