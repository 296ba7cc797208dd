"""The table: figures, their ratios, and which targets they meet."""

from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

SUBJECTS = ("ours", "diy", "floor")
MODES = {
    "cold": ("one", "Cold start"),
    "new": ("many", "New notification"),
    "duplicate": ("many", "Duplicate"),
    "forgery": ("many", "Forgery"),
    "verify": ("many", "Verification alone"),
    "parse": ("many", "Parsing alone"),
}
"""Mode → the file of traffic it reads, and its name."""

ROWS = {
    ("cold", "whole_ms"): "Cold start: spawn to first answer, ms",
    ("cold", "cpu_ms"): "  of which CPU, ms",
    ("cold", "load_ms"): "  interpreter, imports, clients, ms",
    ("cold", "first_ms"): "  first notification, ms",
    ("new", "us"): "New notification, CPU µs",
    ("duplicate", "us"): "Duplicate, CPU µs",
    ("forgery", "us"): "Forgery, CPU µs",
    ("verify", "us"): "Verification alone, CPU µs",
    ("parse", "us"): "Parsing alone, CPU µs",
    ("new", "rss_mb"): "Peak memory, MB",
}
TARGETS = {
    ("cold", "whole_ms", "diy"): 0.42,
    ("new", "us", "diy"): 0.52,
    ("new", "us", "floor"): 1.15,
    ("forgery", "us", "diy"): 1 / 4,
    ("duplicate", "us", "diy"): 1 / 1.6,
    ("new", "rss_mb", "diy"): 0.8,
}
"""At most this ratio of ours to the other's."""

Figures = dict[tuple[str, str], dict[str, list[float]]]


def summary(figures: Figures) -> list[dict[str, Any]]:
    """A row per figure: the medians, their spread, the ratios and the targets."""
    rows = []
    for key, title in ROWS.items():
        medians = {subject: median(figures[key][subject]) for subject in SUBJECTS}
        rows.append(
            {
                "figure": title.strip(),
                "medians": medians,
                "spread": {subject: [min(figures[key][subject]), max(figures[key][subject])] for subject in SUBJECTS},
                "ratios": {other: medians["ours"] / medians[other] for other in SUBJECTS[1:]},
                "targets": {other: TARGETS[*key, other] for other in SUBJECTS[1:] if (*key, other) in TARGETS},
            }
        )
    return rows


def missed(row: dict[str, Any]) -> list[str]:
    """The subjects whose target the row misses."""
    return [other for other, target in row["targets"].items() if row["ratios"][other] > target]


def show(rows: list[dict[str, Any]], console: Console) -> None:
    """The table on the terminal."""
    table = Table(title="Medians of fresh processes, and ours as a ratio to the others", title_justify="left")
    for column in ("", *SUBJECTS, "ours/diy", "target", "ours/floor", "target"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for row, title in zip(rows, ROWS.values(), strict=True):
        cells = [title, *(f"{row['medians'][subject]:.1f}" for subject in SUBJECTS)]
        for other in SUBJECTS[1:]:
            target = row["targets"].get(other)
            colour = "" if target is None else "[red]" if other in missed(row) else "[green]"
            cells += [f"{colour}{row['ratios'][other]:.2f}", "" if target is None else f"≤ {target:.3g}"]
        table.add_row(*cells)
    console.print(table)
