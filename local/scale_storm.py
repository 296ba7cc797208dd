"""Alipay's retries after an outage, in steps of half a minute: what arrives, what is turned away, what is lost.

Notifications are amounts, not single ones. Within a step the throttle turns away the same share of first deliveries
and of retries. What is turned away comes back as Alipay's schedule has it, until its eighth delivery.
"""

from dataclasses import dataclass
from itertools import pairwise

from local.scale_workload import DELIVERIES_S

STEP_S = 30
_WAITS = [(later - earlier) // STEP_S for earlier, later in pairwise(DELIVERIES_S)]
_LAST_STEP = DELIVERIES_S[-1] // STEP_S


@dataclass(frozen=True)
class Outage:
    """New notifications at a steady rate, and a gateway that answers none of them from the start for `outage_s`."""

    rate: float
    """New notifications a second."""
    outage_s: int
    limit: float = float("inf")
    """Requests a second that the throttle lets through."""
    burst: float = 0
    """Requests that it lets through beyond that, when it was idle before."""


@dataclass(frozen=True)
class Storm:
    """What came of it. Amounts are of notifications, but for `arriving` and `turned_away`: of deliveries."""

    sent: float
    published: float
    lost: float
    arriving: list[float]
    """Deliveries a second, in each step after the outage."""
    turned_away: float
    """Deliveries refused by the throttle, after the outage."""

    @property
    def peak(self) -> float:
        """Deliveries a second."""
        return max(self.arriving)

    def normal_after_s(self, rate: float) -> int:
        """Seconds after the outage from which on nothing but new notifications arrives."""
        above = [number for number, arriving in enumerate(self.arriving) if arriving > rate * 1.001]
        return (above[-1] + 1) * STEP_S if above else 0


def simulate(outage: Outage, *, new_for_s: int | None = None) -> Storm:
    """New ones are sent for `new_for_s`, else for the outage and three days more; each is followed to its end."""
    down = outage.outage_s // STEP_S
    fresh = new_for_s // STEP_S if new_for_s is not None else down + 3 * _LAST_STEP
    steps = fresh + _LAST_STEP + 1
    due = [[0.0] * steps for _ in DELIVERIES_S]
    due[0][:fresh] = [outage.rate * STEP_S] * fresh
    published = lost = turned_away = 0.0
    tokens = outage.burst
    arriving = []
    for step in range(steps):
        total = sum(attempt[step] for attempt in due)
        let_through = min(total, tokens + outage.limit * STEP_S) if step >= down else 0.0
        if step >= down:
            tokens = min(outage.burst, tokens + outage.limit * STEP_S - let_through)
            arriving.append(total / STEP_S)
            turned_away += total - let_through
        published += let_through
        refused = 1 - let_through / total if total else 0.0
        for attempt, wait in enumerate(_WAITS):
            if refused and due[attempt][step]:
                due[attempt + 1][step + wait] += due[attempt][step] * refused
        lost += due[-1][step] * refused
    return Storm(outage.rate * STEP_S * fresh, published, lost, arriving[: fresh - down], turned_away)


def phases(storm: Storm, rate: float) -> list[tuple[int, int, float]]:
    """The arrivals after an outage in parts of the same rate: from, to (seconds), times the usual rate."""
    found: list[tuple[int, int, float]] = []
    for number, arriving in enumerate(storm.arriving):
        times = round(arriving / rate, 6)
        if found and found[-1][2] == times:
            found[-1] = (found[-1][0], (number + 1) * STEP_S, times)
        else:
            found.append((number * STEP_S, (number + 1) * STEP_S, times))
    return found
