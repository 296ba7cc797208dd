"""The result of a load run: its figures as JSON, and as tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.load_books import Books, Reconciliation


@dataclass(frozen=True)
class Result:
    """`seconds` is from the first request to the last answer."""

    seconds: float
    books: Books
    reconciliation: Reconciliation

    @property
    def answers(self) -> int:
        return sum(map(len, self.books.seconds.values()))

    def as_json(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 1),
            "answers": self.answers,
            "answers_per_second": round(self.answers / self.seconds, 1),
            "statuses": dict(sorted(self.books.statuses.items())),
            "latency_ms": {name: _latency_ms(taken) for name, taken in self.books.seconds.items() if taken},
            "promise_kept": self.reconciliation.promise_kept,
            "reconciliation": asdict(self.reconciliation),
        }


def _latency_ms(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    at = {f"p{p}": ordered[min(len(ordered) * p // 100, len(ordered) - 1)] for p in (50, 90, 99)}
    return {name: round(value * 1000, 1) for name, value in {**at, "max": ordered[-1]}.items()}


def show(console: Console, result: Result) -> None:
    """The tables, and one line for each promise."""
    title = f"{result.answers} answers in {result.seconds:.0f} s, {result.answers / result.seconds:.0f} a second"
    table = Table(title=title, title_justify="left")
    for column in ("outcome", "answers", "p50 ms", "p90 ms", "p99 ms", "max ms"):
        table.add_column(column, justify="left" if column == "outcome" else "right")
    for name, seconds in result.books.seconds.items():
        if seconds:
            table.add_row(name, str(len(seconds)), *(f"{ms:.0f}" for ms in _latency_ms(seconds).values()))
    console.print(table)
    found, forgeries = result.reconciliation, len(result.books.seconds["forgery"])
    for good, line in (
        (not found.given_up, f"{found.acknowledged} of {found.genuine} genuine notifications were acknowledged"),
        (not found.lost, f"{found.received} were received; {len(found.lost)} were acknowledged and not received"),
        (not found.forged_acknowledged, f"{found.forged_acknowledged} of {forgeries} forgeries were acknowledged"),
        (not found.forged_received, f"{len(found.forged_received)} forgeries were received"),
        (not found.unexplained, f"{len(found.repeated)} were received more than once"),
    ):
        console.print(f"[{'green' if good else 'red'}]{'✓' if good else '✗'} {line}")
    reasons = Counter(why or "for no known reason" for why in found.repeated.values())
    for why, times in reasons.most_common():
        console.print(f"    {times}: {escape(why)}")
