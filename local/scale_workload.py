"""What one delivery asks of AWS: measured on the code as it stands, assumed where only a deployed stack could tell."""

from dataclasses import dataclass
from math import ceil

SHARDS = 16
"""Partition keys of the index `open_claims`. handler/alipay_gateway/ledger.py"""
DELIVERIES_S = (0, 120, 720, 1320, 4920, 12120, 33720, 87720)
"""Seconds from Alipay's first delivery to each. handler/alipay_gateway/retries.py"""
CALL_MS = 7_000
"""The longest that one call of AWS lasts, in milliseconds. handler/alipay_gateway/aws.py"""
KEYRING_AGE_S, KEYRING_REREAD_S = 300, 60
"""Seconds after which an instance reads the keyring again, and at least between two readings that it is made to do.
handler/alipay_gateway/keyring.py"""

KB, GB = 1024, 1024**3
VCPU_MB = 1769
"""The memory, in MB, at which a function has one whole vCPU. AWS Lambda Developer Guide, configuring memory."""


@dataclass(frozen=True)
class Stack:
    """The template's parameters, as they stand there, and what is assumed of the network."""

    memory_mb: int = 512
    rate_limit: int = 500
    """Requests a second: ThrottlingRateLimit."""
    burst_limit: int = 1000
    """Requests at once: ThrottlingBurstLimit."""
    retention_days: int = 30
    log_retention_days: int = 30
    shards: int = SHARDS
    call_ms: float = 7
    """Assumed: what one call to DynamoDB or SNS in the same region takes, in milliseconds, CPU not counted."""
    metrics: int = 13
    """Assumed: custom metrics that exist in a month, the outcomes `published`, `duplicate` and `refused` with two
    reasons (3 + 3 + 2 + 2 × 2), and OpenClaims. All outcomes and reasons together make about 75."""


@dataclass(frozen=True)
class Delivery:
    """What one delivery of a kind uses. Bytes and milliseconds of CPU are measured, see docs/scale.md."""

    kind: str
    cpu_ms: float
    """Milliseconds of a whole processor."""
    line_bytes: int
    """The function's log line, with a request id of 36 characters."""
    writes: int = 0
    """Writes of the ledger's item, a refused one counted."""
    index_writes: int = 0
    """Writes of the index `open_claims`: one when the record enters it, one when it leaves."""
    publishes: int = 0


NEW = Delivery("new", cpu_ms=1.4, line_bytes=829, writes=2, index_writes=2, publishes=1)
DUPLICATE = Delivery("duplicate", cpu_ms=0.7, line_bytes=828, writes=1)
FORGED = Delivery("forged", cpu_ms=0.15, line_bytes=934)

ITEM_BYTES = {"operation result": 920, "shop rejected": 953, "payment": 1089, "settlement": 1371}
"""The ledger's item at its largest, as claimed, for the sample notifications: names and values, as DynamoDB counts."""
ITEM = "settlement"
MESSAGE_BYTES = 1184
"""The settlement's message with its attributes, as SNS counts."""
ITEM_OVERHEAD_BYTES = 100
"""What DynamoDB adds to each item's storage. From memory, to be checked."""
ACCESS_LINE_BYTES, PLATFORM_BYTES = 305, 259
"""The API's access log line; Lambda's START, END and REPORT. Put together from their formats with typical values."""
REPLY_BYTES = 167
"""The reply with its headers, TLS not counted."""


def write_units(item_bytes: int) -> int:
    """DynamoDB's write units for one write of an item: a unit for each KB begun."""
    return max(1, ceil(item_bytes / KB))


def sns_requests(message_bytes: int) -> int:
    """What SNS bills for one publish: a request for each 64 KB begun (from memory, to be checked)."""
    return max(1, ceil(message_bytes / (64 * KB)))


def duration_ms(delivery: Delivery, stack: Stack) -> float:
    """Waiting for AWS, and the CPU's work at the share of a vCPU that the memory gives."""
    return (delivery.writes + delivery.publishes) * stack.call_ms + delivery.cpu_ms * VCPU_MB / stack.memory_mb


def billed_ms(delivery: Delivery, stack: Stack) -> int:
    """Lambda bills each millisecond begun."""
    return ceil(duration_ms(delivery, stack))


def concurrency(rate: float, milliseconds: float, instance_requests: int = 10) -> float:
    """Instances that a rate needs. One serves ten requests a second at the most, however short they are."""
    return max(rate * milliseconds / 1000, rate / instance_requests)


def table_units(delivery: Delivery, item_bytes: int = ITEM_BYTES[ITEM]) -> int:
    """Write units of the table for one delivery. A write counts the larger of the item before it and after it."""
    return delivery.writes * write_units(item_bytes)
