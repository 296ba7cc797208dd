"""Alipay's retry clock: eight deliveries, the last 24 hours and 22 minutes after the first."""

DELIVERIES_S = (0, 120, 720, 1320, 4920, 12120, 33720, 87720)
"""Seconds from the first delivery to each: the intervals are 2m, 10m, 10m, 1h, 2h, 6h, 15h."""


def last_delivery(first_received_at: int) -> int:
    """When Alipay delivers for the last time, both in milliseconds since the epoch."""
    return first_received_at + DELIVERIES_S[-1] * 1000


def is_near_loss(first_received_at: int, now_ms: float) -> bool:
    """Whether only the last delivery is left to come, give or take a minute."""
    return now_ms >= first_received_at + (DELIVERIES_S[-2] - 60) * 1000
