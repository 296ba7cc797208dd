"""`make fuzz`: tries inputs against every target for a time, and says how many, how fast, and what was found.

    PYTHONPATH=handler python -m tests.fuzz [--seconds 300] [--seed 1] [TARGET …]

Hypothesis runs in rounds of a seed each, so that memory does not grow; the number of a round that found something,
given as `--seed`, finds it again.
"""

import argparse
import functools
import itertools
import re
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests import conftest  # noqa: F401  sets the function's environment

ROUND = 400
settings.register_profile(
    "fuzz",
    max_examples=ROUND,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("fuzz")  # before the targets are made, which take it over

from tests.fuzz.inputs import tried  # noqa: E402
from tests.fuzz.targets import TARGETS  # noqa: E402

_console = Console()


class Run:
    """One target's share of the time."""

    def __init__(self, target: Callable[[], None], first_seed: int) -> None:
        self._target, self._seeds = target, itertools.count(first_seed)
        self.inputs, self.seconds, self.finding = 0, 0.0, ""
        handle = target.hypothesis  # type: ignore[attr-defined]
        inner = handle.inner_test

        @functools.wraps(inner)
        def counted(*arguments: Any, **values: Any) -> None:
            self.inputs += 1
            inner(*arguments, **values)

        handle.inner_test = counted

    def round(self) -> None:
        """Some hundred inputs. What they find ends the target's run."""
        number, began = next(self._seeds), time.perf_counter()
        neighbours = tried["neighbours"]
        try:
            seed(number)(self._target)()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self.finding = "\n".join([f"--seed {number}", *_told(error)])
        self.seconds += time.perf_counter() - began
        self.inputs += tried["neighbours"] - neighbours


def _told(error: BaseException) -> list[str]:
    inner = [line for one in getattr(error, "exceptions", ()) for line in _told(one)]
    return [*map(_short, (f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()))), *inner]


def _short(text: str) -> str:
    """What is repeated a hundred times and more is told once, with the number of times."""
    return re.sub(r"(.{1,8}?)\1{99,}", lambda run: f"⟨{run[1]} × {len(run[0]) // len(run[1])}⟩", text)[:4_000]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Fuzzes the parser, the decoder, the handler."
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all when not given")
    parser.add_argument("--seconds", type=int, default=300, help="for all targets together (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round (default: %(default)s)")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - TARGETS.keys():
        parser.error(f"no such target: {', '.join(sorted(unknown))}")

    warnings.simplefilter("ignore")  # hypothesis warns of large inputs
    runs = {name: Run(TARGETS[name], arguments.seed) for name in arguments.targets or TARGETS}
    _spend(arguments.seconds, runs)
    _report(runs)
    return 1 if any(run.finding for run in runs.values()) else 0


def _spend(seconds: int, runs: dict[str, Run]) -> None:
    """Rounds in turn, the next one always of the target that had the least time; each target has one at least."""
    columns = TextColumn("{task.description:>12}"), BarColumn(), TextColumn("{task.fields[inputs]:,} inputs")
    with Progress(*columns, TimeRemainingColumn(), console=_console) as progress:
        task, began = progress.add_task("", total=seconds, inputs=0), time.perf_counter()
        while left := [run for run in runs.values() if not run.finding]:
            run = min(left, key=lambda run: run.seconds)
            if run.seconds and time.perf_counter() - began > seconds:
                break
            run.round()
            name = next(name for name, other in runs.items() if other is run)
            tried = sum(run.inputs for run in runs.values())
            progress.update(task, completed=time.perf_counter() - began, description=name, inputs=tried)


def _report(runs: dict[str, Run]) -> None:
    table = Table("target", "tries", "inputs", "inputs/s", "found")
    for name, run in runs.items():
        about = (TARGETS[name].__doc__ or "").splitlines()[0]
        table.add_row(
            name, about, f"{run.inputs:,}", f"{run.inputs / run.seconds:,.0f}", "a finding" if run.finding else "–"
        )
    total, seconds = sum(run.inputs for run in runs.values()), sum(run.seconds for run in runs.values())
    table.add_row("all", "", f"{total:,}", f"{total / seconds:,.0f}", "")
    _console.print(table)
    for name, run in runs.items():
        if run.finding:
            _console.print(f"\n{name} {run.finding}", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
