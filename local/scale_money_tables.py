"""The tables of docs/scale.md that count dollars."""

from dataclasses import Field, fields, replace
from math import isinf

from local.scale_costs import Bill, bill, gb_seconds, tiered
from local.scale_figures import EU_WEST_1, MEMORY, US_EAST_1, Prices
from local.scale_markdown import money, table
from local.scale_workload import (
    DUPLICATE,
    FORGED,
    ITEM_BYTES,
    NEW,
    Stack,
    billed_ms,
    concurrency,
    duration_ms,
    table_units,
    write_units,
)

RATES = (1, 100, 5_000)
"""Notifications a second."""
STACK = Stack()
_FIXED = ("Metrics", "Secrets Manager")


def deliveries() -> str:
    rows = [
        [
            each.kind,
            f"{each.cpu_ms:g} ms",
            f"{billed_ms(each, STACK)} ms",
            each.writes,
            each.index_writes,
            each.publishes,
            f"{each.line_bytes} bytes",
        ]
        for each in (NEW, DUPLICATE, FORGED)
    ]
    head = ["delivery", "CPU", "billed", "writes of the table", "writes of the index", "publishes", "log line"]
    return table(head, rows)


def costs() -> str:
    bills = [bill(rate, US_EAST_1, STACK) for rate in RATES]
    elsewhere = [bill(rate, EU_WEST_1, STACK) for rate in RATES]
    rows = [[item, *(money(each.items[item]) for each in bills)] for item in bills[0].items]
    rows.append(["**in all**", *(f"**{money(each.total)}**" for each in bills)])
    rows.append(["for a million notifications", *(money(each.per_million) for each in bills)])
    rows.append(["in all in eu-west-1 †", *(money(each.total) for each in elsewhere)])
    return table(["dollars a month, us-east-1", *(f"{rate:,}/s" for rate in RATES)], rows)


def kinds() -> str:
    bills = [bill(100, US_EAST_1, STACK, kind) for kind in (NEW, DUPLICATE, FORGED)]
    names = [item for item in bills[0].items if item not in _FIXED]
    rows = [[item, *(money(_for_a_million(each, item)) for each in bills)] for item in names]
    rows.append(["**in all**", *(f"**{money(_for_a_million(each, *names))}**" for each in bills)])
    return table(["dollars a million deliveries", NEW.kind, DUPLICATE.kind, FORGED.kind], rows)


def items() -> str:
    rows = [
        [
            name,
            f"{size:,}",
            write_units(size),
            units := table_units(NEW, size) + NEW.index_writes,
            money(units * US_EAST_1.write),
        ]
        for name, size in ITEM_BYTES.items()
    ]
    return table(["sample", "bytes of the item", "units a write", "units in all", "dollars a million"], rows)


def latency() -> str:
    rows = []
    for call_ms in (5, 7, 8, 20, 100):
        stack = replace(STACK, call_ms=call_ms)
        duration = tiered(1e6 * gb_seconds(NEW, stack), US_EAST_1.lambda_gb_s)
        busy = [f"{concurrency(rate, duration_ms(NEW, stack)):,.0f}" for rate in RATES[1:]]
        rows.append([f"{call_ms} ms", f"{billed_ms(NEW, stack)} ms", money(duration), *busy])
    return table(
        [
            "one call of AWS",
            "billed duration",
            "dollars a million",
            *(f"instances at {rate:,}/s" for rate in RATES[1:]),
        ],
        rows,
    )


def prices() -> str:
    figures = [figure for figure in fields(Prices) if figure.metadata]
    rows = [
        [figure.metadata["name"], _price(US_EAST_1, figure), _price(EU_WEST_1, figure), figure.metadata["source"]]
        for figure in figures
    ]
    return table(["price in dollars", US_EAST_1.region, EU_WEST_1.region, "read in"], rows) + f"\n\n† {MEMORY}."


def _for_a_million(costs: Bill, *names: str) -> float:
    return sum(costs.items[name] for name in names) / costs.deliveries * 1e6


def _price(region: Prices, figure: "Field[object]") -> str:
    value = getattr(region, figure.name)
    mark = " †" if figure.name in region.unsure else ""
    if not isinstance(value, tuple):
        return f"{_plain(value)}{mark}"
    tiers = [_plain(price) + (f" up to {_amount(end)}" if not isinf(end) else "") for end, price in value]
    return ", then ".join(tiers) + mark


def _plain(price: float) -> str:
    return f"{price:.10f}".rstrip("0").rstrip(".")


def _amount(units: float) -> str:
    return (
        f"{units / 1e9:g} billion" if units >= 1e9 else f"{units / 1e6:g} million" if units >= 1e6 else f"{units:,.0f}"
    )
