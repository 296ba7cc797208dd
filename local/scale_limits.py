"""Which quota a rate meets first, and how many notifications a second the index of open claims carries."""

from dataclasses import dataclass
from functools import cache
from math import ceil, comb

from local.scale_figures import DEFAULTS, SNS_PUBLISHES, Quotas
from local.scale_workload import CALL_MS, KEYRING_REREAD_S, NEW, Stack, concurrency, duration_ms, table_units


@dataclass(frozen=True)
class Limit:
    """A quota as the rate of new notifications, a second, that it allows; and what raises it."""

    name: str
    rate: float
    raised_by: str


def limits(region: str, stack: Stack, quotas: Quotas = DEFAULTS) -> list[Limit]:
    """All of them, the lowest first."""
    ms = duration_ms(NEW, stack)
    new_partitions = quotas.new_table_writes // quotas.partition_writes
    request = "a quota request"
    found = [
        Limit("the stack's own throttle", stack.rate_limit, "`ThrottlingRateLimit`, `ThrottlingBurstLimit`"),
        Limit("HTTP API, the account's throttle", quotas.api_requests, request),
        Limit("Lambda, the account's concurrency", quotas.concurrency / concurrency(1, ms), request),
        Limit(
            "DynamoDB, the table when new",
            quotas.new_table_writes / table_units(NEW),
            "itself, twice the last peak in 30 minutes; or warm throughput",
        ),
        Limit("DynamoDB, the table's quota", quotas.table_writes / table_units(NEW), request),
        Limit(
            "DynamoDB, the index when new",
            index_rate(stack.shards, new_partitions, quotas),
            "itself, by splits; or warm throughput; more shards",
        ),
        Limit("DynamoDB, the index's shards", shards_rate(stack.shards, quotas), "more shards, which is code"),
        Limit(f"SNS, publishes in {region}", SNS_PUBLISHES[region] / NEW.publishes, request),
    ]
    return sorted(found, key=lambda limit: limit.rate)


def bad_days(stack: Stack, quotas: Quotas = DEFAULTS) -> list[Limit]:
    """The same, of deliveries of any kind, while something is wrong."""
    instances = concurrency(1, duration_ms(NEW, stack))
    return [
        Limit(
            "Lambda's concurrency while one call of each delivery hangs",
            quotas.concurrency / concurrency(1, CALL_MS),
            "a quota request; reserved concurrency shields the other functions",
        ),
        Limit(
            "Secrets Manager while forgeries make each instance read once a minute",
            quotas.secret_reads * KEYRING_REREAD_S / instances,
            "none needed",
        ),
    ]


def shards_rate(shards: int, quotas: Quotas = DEFAULTS) -> float:
    """Notifications a second when every shard of the index has a partition of its own.

    One shard can have no second one: DynamoDB does not split a key's items where their sort key only ever increases.
    """
    return min(shards * quotas.partition_writes, quotas.table_writes) / NEW.index_writes


def index_rate(shards: int, partitions: int, quotas: Quotas = DEFAULTS) -> float:
    """The same while chance has put the shards on fewer partitions: the fullest of these is the first to throttle."""
    fullest = median_fullest(shards, partitions)
    return min(quotas.partition_writes * shards / fullest, quotas.table_writes) / NEW.index_writes


def median_fullest(shards: int, partitions: int) -> int:
    """How many shards the fullest partition holds, or fewer, in half of all cases."""
    most = ceil(shards / partitions)
    while chance(shards, partitions, most) < 0.5:
        most += 1
    return most


@cache
def chance(shards: int, partitions: int, most: int) -> float:
    """That of shards thrown on partitions at random, no partition gets more than `most`."""
    if shards > partitions * most:
        return 0.0
    if partitions == 1:
        return 1.0
    return sum(
        comb(shards, first)
        * (1 / partitions) ** first
        * (1 - 1 / partitions) ** (shards - first)
        * chance(shards - first, partitions - 1, most)
        for first in range(min(shards, most) + 1)
    )
