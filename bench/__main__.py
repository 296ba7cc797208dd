"""`make bench`: what the gateway costs, as ratios to what a team would write and to the floor, in one interleaved run.

Each figure is the median of several fresh processes. Ratios carry over between machines, milliseconds do not.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from bench import environments, semantics, traffic
from bench.report import MODES, SUBJECTS, Figures, missed, show, summary

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / ".local" / "bench" / "results.json"


def measure(subject: str, mode: str, traffic_file: Path, variables: dict[str, str]) -> dict[str, float]:
    """One fresh process. Raises RuntimeError when the subject does not answer as it must."""
    environment = variables | {"BENCH_SPAWNED_NS": str(time.monotonic_ns())}
    command = [sys.executable, "-S", "-m", "bench.worker", subject, mode, str(traffic_file)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{subject}, {mode}: {done.stderr.strip()[-1000:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def run(rounds: int, homes: dict[str, list[Path]], files: traffic.Traffic) -> Figures:
    """Every mode of every subject in every round, in turns, so that a slow minute of the machine is shared by all."""
    figures: Figures = {}
    for number in range(-1, rounds):  # the first round writes byte-code and warms the disk's cache: not counted
        for mode, (file, _) in MODES.items():
            for turn in range(len(SUBJECTS)):
                subject = SUBJECTS[(turn + number) % len(SUBJECTS)]
                variables = files.variables | {"PYTHONPATH": os.pathsep.join(map(str, homes[subject]))}
                taken = measure(subject, mode, getattr(files, file), variables)
                if number >= 0:
                    for name, value in taken.items():
                        figures.setdefault((mode, name), {}).setdefault(subject, []).append(value)
        print(f"\r{number + 1}/{rounds} rounds", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return figures


def main() -> int:
    """Prints the table, writes it as JSON; status 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="fresh processes per figure (%(default)s)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the JSON goes (%(default)s)")
    arguments = parser.parse_args()
    homes = environments.homes()
    files = traffic.write(arguments.output.parent)
    semantics.check(homes, files)
    figures = run(arguments.rounds, homes, files)
    rows = summary(figures)
    arguments.output.write_text(json.dumps({"rounds": arguments.rounds, "rows": rows}, indent=2) + "\n")
    show(rows, Console(width=None if sys.stdout.isatty() else 120))
    return any(missed(row) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
