"""What a rate of notifications costs in a month of 30 days, item by item of the bill."""

from dataclasses import dataclass
from math import ceil

from local.scale_figures import Prices, Tiers
from local.scale_workload import (
    ACCESS_LINE_BYTES,
    GB,
    ITEM,
    ITEM_BYTES,
    ITEM_OVERHEAD_BYTES,
    KEYRING_AGE_S,
    MESSAGE_BYTES,
    NEW,
    PLATFORM_BYTES,
    REPLY_BYTES,
    Delivery,
    Stack,
    billed_ms,
    concurrency,
    duration_ms,
    sns_requests,
    table_units,
)

MONTH_S = 30 * 86400
RETRIES_DAYS = 2
"""Days that a record is kept beyond the retention. handler/alipay_gateway/ledger.py"""


def tiered(amount: float, tiers: Tiers) -> float:
    """The price of an amount, each part of it at the price of its tier."""
    total, begun = 0.0, 0.0
    for end, price in tiers:
        total += max(0.0, min(amount, end) - begun) * price
        begun = end
    return total


def gb_seconds(delivery: Delivery, stack: Stack) -> float:
    """Of one invocation."""
    return stack.memory_mb / 1024 * billed_ms(delivery, stack) / 1000


@dataclass(frozen=True)
class Bill:
    """A month's costs in US dollars, by item; `deliveries` is how many it is for."""

    items: dict[str, float]
    deliveries: float

    @property
    def total(self) -> float:
        return sum(self.items.values())

    @property
    def per_million(self) -> float:
        return self.total / self.deliveries * 1e6


def bill(
    rate: float, prices: Prices, stack: Stack, delivery: Delivery = NEW, item_bytes: int = ITEM_BYTES[ITEM]
) -> Bill:
    """A steady rate, deliveries a second, of one kind; the ledger has held `retention_days` of it for long."""
    deliveries = rate * MONTH_S
    millions = deliveries / 1e6
    kept_days = stack.retention_days + RETRIES_DAYS
    stored_gb = delivery.publishes * rate * 86400 * kept_days * (item_bytes + ITEM_OVERHEAD_BYTES) / GB
    logged_gb = deliveries * (delivery.line_bytes + PLATFORM_BYTES + ACCESS_LINE_BYTES) / GB
    instances = max(1, ceil(concurrency(rate, duration_ms(delivery, stack))))
    return Bill(
        {
            "HTTP API": tiered(deliveries, tuple((end, price / 1e6) for end, price in prices.http_api)),
            "Lambda, requests": millions * prices.lambda_requests,
            "Lambda, duration": tiered(deliveries * gb_seconds(delivery, stack), prices.lambda_gb_s),
            "DynamoDB, writes of the table": millions * table_units(delivery, item_bytes) * prices.write,
            "DynamoDB, writes of the index": millions * delivery.index_writes * prices.write,
            "DynamoDB, storage": stored_gb * prices.storage,
            "DynamoDB, point-in-time recovery": stored_gb * prices.recovery,
            "SNS": millions * delivery.publishes * sns_requests(MESSAGE_BYTES) * prices.sns,
            "Logs, taken in": tiered(logged_gb, prices.logs),
            "Logs, kept": logged_gb * stack.log_retention_days / 30 * prices.log_storage,
            "Metrics": stack.metrics * prices.metric,
            "Secrets Manager": prices.secret + instances * MONTH_S / KEYRING_AGE_S / 1e4 * prices.secret_read,
            "Data out": deliveries * REPLY_BYTES / GB * prices.data_out,
        },
        deliveries,
    )
