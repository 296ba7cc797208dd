"""The graphs of a dashboard's body, and the metrics that log lines carry (embedded metric format)."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Metric:
    """One line of a graph. `stat` is a CloudWatch statistic: `Sum`, `Maximum`, `p99`, …"""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    stat: str
    label: str
    color: str

    @property
    def key(self) -> "Key":
        return self.namespace, self.name, frozenset(self.dimensions.items())


Key = tuple[str, str, frozenset[tuple[str, str]]]


def metrics_of(widget: Json) -> list[Metric]:
    """The lines of a graph, but for those that an expression finds. Other widgets have none."""
    metrics, before = [], list[str]()
    properties = widget["properties"]
    for line in properties.get("metrics", []):
        named = [part for part in line if isinstance(part, str)]
        options: Json = next((part for part in line if isinstance(part, dict)), {})
        if not named:
            continue
        if named[0] == "...":  # what the one before begins with
            named = before[: 1 - len(named)] + named[1:]
        before = named
        namespace, name, *pairs = named
        dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
        stat = options.get("stat", properties["stat"])
        metrics.append(Metric(namespace, name, dimensions, stat, options.get("label", ""), options.get("color", "")))
    return metrics


class Measured:
    """The values of every metric in some log lines. Times are seconds since the first of them."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._values: dict[Key, list[tuple[float, float]]] = defaultdict(list)
        for line in lines:
            if '"_aws"' in line:
                self._take(json.loads(line))
        times = [at for values in self._values.values() for at, _ in values]
        self._start = min(times, default=0)
        self.seconds = max(times, default=0) - self._start

    def _take(self, line: Json) -> None:
        at = line["_aws"]["Timestamp"] / 1000
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = frozenset((name, line[name]) for name in names)
                for metric in directive["Metrics"]:
                    key = directive["Namespace"], metric["Name"], dimensions
                    self._values[key].append((at, line[metric["Name"]]))

    def total(self, metric: Metric) -> float | None:
        """The statistic over all the time; None without data, as for every metric that is not in log lines."""
        values = [value for _, value in self._values.get(metric.key, ())]
        return statistic(values, metric.stat) if values else None

    def series(self, metric: Metric, period_s: float) -> dict[int, float]:
        """The statistic of each period that has data, by the period's number."""
        periods = defaultdict(list)
        for at, value in self._values.get(metric.key, ()):
            periods[int((at - self._start) // period_s)].append(value)
        return {number: statistic(values, metric.stat) for number, values in sorted(periods.items())}


def statistic(values: Sequence[float], stat: str) -> float:
    """Of at least one value. Raises ValueError for a statistic that is none of those that the dashboard uses."""
    match stat:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "Minimum":
            return min(values)
        case _ if stat.startswith("p"):
            return sorted(values)[math.ceil(len(values) * float(stat[1:]) / 100) - 1]
    raise ValueError(stat)
