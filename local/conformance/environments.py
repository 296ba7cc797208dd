"""Where the SDKs are installed: each by itself, pinned and hashed, once, under .local/conformance/.

Both Python SDKs call their package `alipay`, so neither can live in the project's own environment beside the other.
pip and npm take their registries from the machine's configuration.
"""

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
SDKS = ROOT / "tests" / "conformance" / "sdks"
STORE = ROOT / ".local" / "conformance"

ALIPAY_SDK_PYTHON = SDKS / "alipay-sdk-python.txt"
PYTHON_ALIPAY_SDK = SDKS / "python-alipay-sdk.txt"
ALIPAY_SDK_NODE = SDKS / "package-lock.json"

# Models of every API that Alipay offers: 73,000 files that neither sign nor verify.
_NEEDLESS = [Path("alipay/aop/api", name) for name in ("domain", "request", "response")]
_NODE = (18, 20)


class SetUpFailed(Exception):
    """pip or npm did not install what is pinned."""


def environment(pins: Path, install: Callable[[Path], object], *, store: Path = STORE) -> Path:
    """The directory that `install` has filled for the file of pins; it is called only when there is none yet.

    Other pins, or another Python, have another directory. One that is there is complete: it gets its name last.
    """
    runtime = f"{sys.implementation.cache_tag} {sys.platform} {platform.machine()}"
    key = sha256(pins.read_bytes() + runtime.encode()).hexdigest()[:16]
    home = store / f"{pins.stem}-{key}"
    if home.is_dir():
        return home
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store, prefix=".unfinished-") as staging:
        unfinished = Path(staging, "home")
        unfinished.mkdir()
        install(unfinished)
        try:
            unfinished.rename(home)
        except OSError:
            if not home.is_dir():  # else another process was faster, with the same result
                raise
    return home


def python_sdk(pins: Path) -> Path:
    """The directory with a Python SDK and its whole closure, for PYTHONPATH."""

    def install(home: Path) -> None:
        # An sdist among them is built with the setuptools that requirements-dev.txt pins.
        options = "--quiet --disable-pip-version-check --no-compile --no-deps --require-hashes --use-pep517"
        pip = [sys.executable, "-m", "pip", "install", *options.split(), "--no-build-isolation"]
        _run([*pip, "--target", str(home), "--requirement", str(pins)], cwd=ROOT)
        for needless in _NEEDLESS:
            shutil.rmtree(home / needless, ignore_errors=True)

    return environment(pins, install)


def node_sdk() -> Path:
    """The directory with the Node SDK's node_modules. Needs node and npm (see `why_no_node`)."""

    def install(home: Path) -> None:
        for name in ("package.json", ALIPAY_SDK_NODE.name):
            shutil.copy(SDKS / name, home)
        _run([_found("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=home)

    return environment(ALIPAY_SDK_NODE, install)


def why_no_node() -> str:
    """Why the Node SDK cannot run here; empty when it can."""
    needed = f"needs Node ≥ {'.'.join(map(str, _NODE))} with npm"
    if not shutil.which("node") or not shutil.which("npm"):
        return f"the Node SDK {needed}, which is not on PATH"
    version = subprocess.run([_found("node"), "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return "" if found >= _NODE else f"the Node SDK {needed}; on PATH is {version.strip()}"


def _found(program: str) -> str:
    return shutil.which(program) or program


def _run(command: Sequence[str], *, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SetUpFailed(f"{' '.join(command[:4])} …: {done.stderr.strip()}")
