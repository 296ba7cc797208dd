"""One structured log line for every delivery, and for every notification redriven; its metrics are in the same line.

No line holds a key, a signature, biz_content or a body. What an unverified request says of itself is logged cut short.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .errors import InFlight, NotificationError
from .ledger import AlreadyPublished
from .lines import Lines, embedded
from .publisher import Receipt
from .retries import is_near_loss, last_delivery

_UNVERIFIED_CHARACTERS = 64
_SCHEMA_ADVICE = "It was published all the same: if Alipay changed this message, change its schema in schemas/."


class Telemetry:
    """Reports to CloudWatch. `clock` tells seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lines = Lines()
        self.logger = self._lines.rare

    def report(self, receipt: Receipt, error: Exception | None, *, request_id: str, duration_ms: float) -> None:
        """`error` is what ended the way, if anything."""
        now = self._clock()
        outcome, reason = _outcome(receipt, error)
        line: dict[str, Any] = {"outcome": outcome, "reason": reason, "function_request_id": request_id}
        line |= _known(receipt) | _times(receipt, now * 1000) | {"duration_ms": round(duration_ms, 1)}
        lost_after = _lost_after(receipt, now * 1000) if outcome == "failed" else ""
        if lost_after:
            line["lost_after"] = lost_after
        if receipt.unrecorded:
            line["unrecorded"] = str(receipt.unrecorded)
        mismatch = receipt.conformity.mismatch if receipt.conformity else ""
        if mismatch:
            line |= {"schema_mismatch": mismatch, "schema_advice": _SCHEMA_ADVICE}
        metrics: dict[str, float] = {"Notifications": 1, "Duration": duration_ms}
        if "age_ms" in line:
            metrics["Age"] = max(line["age_ms"], 0)
        metrics |= {name: 1 for name, is_so in (("NearLoss", lost_after), ("SchemaMismatches", mismatch)) if is_so}
        dimensions = [["service", "outcome"], *([["service", "outcome", "reason"]] if reason else [])]
        line |= embedded(metrics, dimensions, now)
        if error is None:
            odd = "unrecorded" in line or "schema_mismatch" in line
            self._lines.write("WARNING" if odd else "INFO", "Notification accepted", now, line)
        elif isinstance(error, NotificationError):
            level = {"in_flight": "INFO", "refused": "WARNING", "failed": "ERROR"}[outcome]
            self._lines.write(level, str(error), now, line | {"advice": error.advice})
        else:
            self.logger.error("Unexpected error: please report it", extra=line, exc_info=error)

    def count_open_claims(self, number: int) -> None:
        """How many claims a run of the redrive found open long after their lease."""
        self._gauge("Looked for open claims", "OpenClaims", number)

    def count_certificate_days(self, days: float) -> None:
        """How many days are left until the first app has no valid certificate any more."""
        self._gauge("Read the certificates' dates", "CertificateDaysLeft", round(days, 1))

    def _gauge(self, message: str, name: str, value: float) -> None:
        now = self._clock()
        self._lines.write("INFO", message, now, embedded({name: value}, [["service"]], now))


def _outcome(receipt: Receipt, error: Exception | None) -> tuple[str, str]:
    if error is None:
        if isinstance(receipt.claim, AlreadyPublished):
            return "duplicate", ""
        return ("redriven" if receipt.redriven else "published"), ""
    if isinstance(error, InFlight):
        return "in_flight", error.reason
    if isinstance(error, NotificationError):
        return ("refused" if error.status < 500 else "failed"), error.reason
    return "failed", "unexpected"


def _known(receipt: Receipt) -> dict[str, object]:
    names = ("notify_id", "app_id", "msg_method")
    known: dict[str, object] = {}
    if receipt.message:
        known |= {name: receipt.message.attributes[name] for name in names}
    elif receipt.notification:
        known |= {name: getattr(receipt.notification, name) for name in names}
    elif receipt.request:
        known |= {name: receipt.request.ascii(name)[:_UNVERIFIED_CHARACTERS] for name in names}
    if receipt.conformity:
        known["schema"] = receipt.conformity.state
    if receipt.verified:
        known |= {"convention": receipt.verified.convention, "key": receipt.verified.key}
    return known


def _times(receipt: Receipt, now_ms: float) -> dict[str, int]:
    """`age_ms` is since Alipay sent this delivery, `waited_ms` since the first one was received."""
    times = {}
    if receipt.notification:
        times["age_ms"] = round(now_ms - receipt.notification.sent_at.timestamp() * 1000)
    if receipt.claim:
        times |= {"attempt": receipt.claim.attempt, "waited_ms": round(now_ms - receipt.claim.first_received_at)}
    return times


def _lost_after(receipt: Receipt, now_ms: float) -> str:
    """The time of Alipay's last delivery, when no other is left to a notification that could not be published."""
    if receipt.claim:
        first = receipt.claim.first_received_at
    elif receipt.notification:
        first = round(receipt.notification.sent_at.timestamp() * 1000)
    else:
        return ""
    if not is_near_loss(first, now_ms):
        return ""
    return datetime.fromtimestamp(last_delivery(first) / 1000, UTC).isoformat(timespec="seconds")
