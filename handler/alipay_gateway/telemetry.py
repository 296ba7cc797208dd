"""One structured log line and one set of metrics for every delivery, and for every notification redriven.

No line holds a key, a signature, biz_content or a body. What an unverified request says of itself is logged cut short.
"""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from .errors import InFlight, NotificationError
from .ledger import AlreadyPublished
from .publisher import Receipt
from .retries import is_near_loss, last_delivery

_NAMESPACE = "AlipayGateway"
_UNVERIFIED_CHARACTERS = 64
_SCHEMA_ADVICE = "It was published all the same: if Alipay changed this message, change its schema in schemas/."


class Telemetry:
    """Reports to CloudWatch; Powertools' environment variables set the service's name and the log level."""

    def __init__(self) -> None:
        self.logger = Logger()
        self._metrics = Metrics(namespace=_NAMESPACE)

    def report(
        self, receipt: Receipt, error: Exception | None, *, request_id: str, now: float, duration_ms: float
    ) -> None:
        """`error` is what ended the way, if anything; `now` is in seconds since the epoch."""
        outcome, reason = _outcome(receipt, error)
        line: dict[str, object] = {"outcome": outcome, "reason": reason, "function_request_id": request_id}
        line |= _known(receipt) | _times(receipt, now * 1000) | {"duration_ms": round(duration_ms, 1)}
        lost_after = _lost_after(receipt, now * 1000) if outcome == "failed" else ""
        if lost_after:
            line["lost_after"] = lost_after
        if receipt.unrecorded:
            line["unrecorded"] = str(receipt.unrecorded)
        mismatch = receipt.conformity.mismatch if receipt.conformity else ""
        if mismatch:
            line |= {"schema_mismatch": mismatch, "schema_advice": _SCHEMA_ADVICE}
        self._log(line, outcome, error)
        marks = {"NearLoss": bool(lost_after), "SchemaMismatches": bool(mismatch)}
        self._count(outcome, reason, duration_ms, line.get("age_ms"), [name for name, is_so in marks.items() if is_so])

    def count_open_claims(self, number: int) -> None:
        """How many claims a run of the redrive found open long after their lease."""
        self._gauge("OpenClaims", number)

    def count_certificate_days(self, days: float) -> None:
        """How many days are left until the first app has no valid certificate any more."""
        self._gauge("CertificateDaysLeft", days)

    def _gauge(self, name: str, value: float) -> None:
        with single_metric(name, MetricUnit.Count, value, namespace=_NAMESPACE) as metric:
            metric.add_dimension("service", str(self.logger.service))

    def _log(self, line: dict[str, object], outcome: str, error: Exception | None) -> None:
        if error is None:
            odd = "unrecorded" in line or "schema_mismatch" in line
            (self.logger.warning if odd else self.logger.info)("Notification accepted", extra=line)
        elif isinstance(error, NotificationError):
            line["advice"] = error.advice
            levels = {"in_flight": self.logger.info, "refused": self.logger.warning, "failed": self.logger.error}
            levels[outcome](str(error), extra=line)
        else:
            self.logger.error("Unexpected error: please report it", extra=line, exc_info=error)

    def _count(self, outcome: str, reason: str, duration_ms: float, age_ms: object, marks: list[str]) -> None:
        metrics = self._metrics
        metrics.add_dimension("outcome", outcome)
        if reason:
            metrics.add_dimensions(service=str(self.logger.service), outcome=outcome, reason=reason)
        metrics.add_metric("Notifications", MetricUnit.Count, 1)
        metrics.add_metric("Duration", MetricUnit.Milliseconds, duration_ms)
        if isinstance(age_ms, int):
            metrics.add_metric("Age", MetricUnit.Milliseconds, max(age_ms, 0))
        for mark in marks:
            metrics.add_metric(mark, MetricUnit.Count, 1)
        metrics.flush_metrics()


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
