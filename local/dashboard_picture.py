"""A dashboard as one SVG picture: its text, numbers and graphs, each in its place of the grid."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle

from local.dashboard_metrics import Json, Measured, Metric, metrics_of

CELL_W, CELL_H, GAP, HEAD = 46, 30, 8, 34
_PALETTE = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2")
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.t{font-weight:600;font-size:12px}.n{font-size:22px}"
    ".q{fill:#777}.b{fill:#fff;stroke:#d5d9dd}.g{stroke:#e8eaec}.c{font-size:13px}"
)


@dataclass(frozen=True)
class _Box:
    """A place in the picture, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def text(self, x: float, y: float, text: str, kind: str = "") -> str:
        """Some text, its place counted from the corner of the box."""
        return f'<text x="{self.x + x:.0f}" y="{self.y + y:.0f}" class="{kind}">{escape(text)}</text>'


def draw(widgets: Sequence[Json], measured: Measured, caption: str, period_s: float) -> str:
    """The widgets that have something to show; those of AWS's own metrics and of alarms say that they have not."""
    rows = max(w["y"] + w["height"] for w in widgets)
    width, height = 24 * CELL_W + GAP, rows * CELL_H + HEAD + GAP
    parts = ['<rect width="100%" height="100%" fill="#f6f7f8"/>', _Box(0, 0, 0, 0).text(GAP, 22, caption, "c")]
    for widget in widgets:
        box = _Box(
            widget["x"] * CELL_W + GAP,
            widget["y"] * CELL_H + HEAD,
            widget["width"] * CELL_W - GAP,
            widget["height"] * CELL_H - GAP,
        )
        parts += [f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4" class="b"/>']
        parts += [
            box.text(10, 18, widget["properties"].get("title", ""), "t"),
            *_content(widget, box, measured, period_s),
        ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return "\n".join(
        [head, f"<style>{_STYLE}</style>", '<rect width="100%" height="100%" fill="#f6f7f8"/>', *parts, "</svg>\n"]
    )


def _content(widget: Json, box: _Box, measured: Measured, period_s: float) -> list[str]:
    metrics = metrics_of(widget)
    match widget["type"], widget["properties"].get("view"):
        case "text", _:
            return _paragraphs(widget["properties"]["markdown"], box)
        case "alarm", _:
            return _alarms([arn.rpartition(":")[2] for arn in widget["properties"]["alarms"]], box)
        case _, "singleValue":
            return _numbers(metrics, box, measured)
    if not any(metric.namespace == "AlipayGateway" for metric in metrics):
        return [box.text(10, box.height / 2 + 6, "AWS's own metrics: not on the emulator", "q")]
    return _graph(metrics, box, measured, period_s, stacked=widget["properties"].get("stacked", False))


def _paragraphs(markdown: str, box: _Box) -> list[str]:
    lines, width = [], int(box.width / 5.9)
    for paragraph in re.sub(r"[*`]", "", markdown).split("\n\n"):
        line = ""
        for word in paragraph.split():
            if len(line) + len(word) >= width:
                lines.append(line)
                line = ""
            line = f"{line} {word}".strip()
        lines += [line]
    return [box.text(10, 20 + 15 * number, line) for number, line in enumerate(lines)]


def _alarms(names: Sequence[str], box: _Box) -> list[str]:
    places = [(10 + (box.width - 20) / 3 * (i % 3), 44 + 24 * (i // 3)) for i in range(len(names))]
    named = [box.text(x, y, f"○ {name}") for (x, y), name in zip(places, names, strict=True)]
    return [*named, box.text(70, 18, "(not evaluated on the emulator)", "q")]


def _numbers(metrics: Sequence[Metric], box: _Box, measured: Measured) -> list[str]:
    parts, step = [], box.width / len(metrics)
    for number, metric in enumerate(metrics):
        total = measured.total(metric)
        shown = f"{total:,.0f}" if total is not None else "--"
        parts += [box.text(10 + number * step, 50, shown, "n"), box.text(10 + number * step, 70, metric.label, "q")]
    return parts


def _graph(metrics: Sequence[Metric], box: _Box, measured: Measured, period_s: float, *, stacked: bool) -> list[str]:
    colors = cycle(_PALETTE)
    lines = [(m, m.color or next(colors), measured.series(m, period_s)) for m in metrics]
    shown = [line for line in lines if line[2]]
    if not shown:
        return [box.text(10, box.height / 2 + 6, "Nothing happened", "q")]
    last = max(1, int(measured.seconds // period_s))
    tops = _tops([series for _, _, series in shown], last, stacked=stacked)
    highest = max(max(top.values()) for top in tops) or 1
    left, top_y, right, bottom = box.x + 50, box.y + 28, box.x + box.width - 10, box.y + box.height - 34

    def place(number: int, value: float) -> tuple[float, float]:
        return left + (right - left) * number / last, bottom - (bottom - top_y) * value / highest

    parts = []
    for share in (0, 0.5, 1):
        y = bottom - (bottom - top_y) * share
        parts.append(f'<line x1="{left}" x2="{right}" y1="{y:.0f}" y2="{y:.0f}" class="g"/>')
        parts.append(box.text(8, y - box.y + 4, f"{highest * share:,.4g}", "q"))
    for (_, color, _), top in reversed(list(zip(shown, tops, strict=True))):
        if stacked:
            parts += _area([*(place(*point) for point in top.items()), place(last, 0), place(0, 0)], color)
        else:
            parts += [_line([place(*point) for point in run], color) for run in _runs(top)]
    return parts + _legend([(metric.label, color) for metric, color, _ in shown], box)


def _tops(series: Sequence[dict[int, float]], last: int, *, stacked: bool) -> list[dict[int, float]]:
    """What to draw: the series, or each on top of the one before. Stacked, a period without data is nought."""
    if not stacked:
        return list(series)
    tops, below = [], dict.fromkeys(range(last + 1), 0.0)
    for values in series:
        below = {number: height + values.get(number, 0) for number, height in below.items()}
        tops.append(below)
    return tops


def _area(points: Sequence[tuple[float, float]], color: str) -> list[str]:
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return [f'<polygon points="{outline}" fill="{color}" stroke="#fff" stroke-width=".5"/>']


def _runs(series: dict[int, float]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap: a period without data breaks a line, as on CloudWatch."""
    runs: list[list[tuple[int, float]]] = []
    for number, value in series.items():
        if not runs or runs[-1][-1][0] != number - 1:
            runs.append([])
        runs[-1].append((number, value))
    return runs


def _line(points: Sequence[tuple[float, float]], color: str) -> str:
    if len(points) == 1:
        ((x, y),) = points
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{color}"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.6"/>'


def _legend(entries: Sequence[tuple[str, str]], box: _Box) -> list[str]:
    parts, x = [], 10.0
    for label, color in entries:
        parts.append(f'<rect x="{box.x + x:.0f}" y="{box.y + box.height - 17}" width="9" height="9" fill="{color}"/>')
        parts.append(box.text(x + 13, box.height - 9, label))
        x += 26 + 6.4 * len(label)
    return parts
