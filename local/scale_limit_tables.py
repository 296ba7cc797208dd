"""The tables of docs/scale.md that count notifications a second."""

from dataclasses import fields, replace

from local.scale_figures import DEFAULTS, SNS_PUBLISHES, Quotas
from local.scale_limits import bad_days, index_rate, limits, shards_rate
from local.scale_markdown import table
from local.scale_money_tables import RATES, STACK
from local.scale_storm import STEP_S, Outage, phases, simulate

HOUR_S = 3600
PEAK = 4
"""The peak after an outage of an hour, times the usual rate: see the table `storm`."""
PARTITIONS = (4, 8, 16, 32)


def defaults() -> str:
    rows = [
        [figure.metadata["name"], f"{getattr(DEFAULTS, figure.name):,}", figure.metadata["source"]]
        for figure in fields(Quotas)
    ]
    return table(["default quota", "value", "read in"], rows)


def quotas() -> str:
    rows = [
        [limit.name, f"{limit.rate:,.0f}", *(_use(rate / limit.rate) for rate in RATES), limit.raised_by]
        for limit in (*limits("us-east-1", STACK), *bad_days(STACK))
    ]
    return table(["quota", "new a second", *(f"at {rate:,}/s" for rate in RATES), "raised by"], rows)


def regions() -> str:
    rows = []
    for region, publishes in SNS_PUBLISHES.items():
        first = limits(region, STACK)[0]
        rows.append([region, f"{publishes:,}", f"{publishes / PEAK:,.0f}", f"{first.name}, {first.rate:,.0f}/s"])
    return table(["region", "publishes a second", "usual rate whose storm fits", "met first of all quotas"], rows)


def index() -> str:
    rows = [
        [shards, *(f"{index_rate(shards, number):,.0f}" for number in PARTITIONS), f"{shards_rate(shards):,.0f}"]
        for shards in (16, 64, 256)
    ]
    return table(["shards", *(f"on {number} partitions" for number in PARTITIONS), "each on its own"], rows)


def storm() -> str:
    *parts, (last, _, usual) = phases(simulate(Outage(1, HOUR_S), new_for_s=4 * HOUR_S), 1)
    rows = [[f"{begin // 60} to {end // 60}", f"{times:g}"] for begin, end, times in parts]
    return table(["minutes after the outage", "times the usual rate"], [*rows, [f"from {last // 60} on", f"{usual:g}"]])


def outages() -> str:
    rate, throttles = 100, (4, 2, 1.5)
    rows = []
    for minutes, name in ((10, "10 min"), *((60 * hours, f"{hours} h") for hours in (1, 6, 12, 24, 26))):
        outage = Outage(rate, minutes * 60)
        peak, until, _, _ = _came_of(outage)
        lost = [
            simulate(replace(outage, limit=times * rate, burst=2 * times * rate)).lost
            for times in (float("inf"), *throttles)
        ]
        rows.append([name, peak, until, *(_share(each / (rate * outage.outage_s)) for each in lost)])
    head = ["outage, at 100/s", "peak", "usual again after", "lost, no throttle"]
    return table([*head, *(f"throttle {times:g} times the rate" for times in throttles)], rows)


def throttle() -> str:
    outages = [Outage(rate, HOUR_S, 500, 1000) for rate in (100, 125, 250, 400, 440, 475)]
    outages += [Outage(5_000, HOUR_S, limit, DEFAULTS.api_burst) for limit in (6_000, 10_000, 20_000)]
    rows = [[f"{outage.rate:,}/s", f"{outage.limit:,}/s", *_came_of(outage)] for outage in outages]
    return table(["usual rate", "throttle", "peak", "usual again after", "deliveries turned away", "lost"], rows)


def _came_of(outage: Outage) -> tuple[str, str, str, str]:
    came = simulate(outage)
    normal_s = came.normal_after_s(outage.rate)
    ended = normal_s < len(came.arriving) * STEP_S
    until = f"{normal_s // 60:,} min" if normal_s < 2 * HOUR_S else f"{normal_s / HOUR_S:.1f} h"
    return (
        f"{came.peak:,.0f}/s",
        until if ended else "over 3 days",
        f"{came.turned_away:,.0f}",
        f"{came.lost:,.0f}" if came.lost >= 0.5 else "none",
    )


def _share(lost: float) -> str:
    return f"{lost:.1%}" if lost > 1e-6 else "none"


def _use(share: float) -> str:
    if share < 0.001:
        return "< 0.1%"
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}" if share <= 1 else f"**{share:.1f} times**"
