"""One structured log line and one set of metrics for every delivery.

No line holds a key, a signature, biz_content or a body. What an unverified request says of itself is logged cut short.
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from .errors import InFlight, NotificationError
from .gateway import Receipt

_NAMESPACE = "AlipayGateway"
_UNVERIFIED_CHARACTERS = 64


class Telemetry:
    """Reports deliveries to CloudWatch; Powertools' environment variables set the service's name and the log level."""

    def __init__(self) -> None:
        self.logger = Logger()
        self._metrics = Metrics(namespace=_NAMESPACE)

    def report(
        self, receipt: Receipt, error: Exception | None, *, request_id: str, now: float, duration_ms: float
    ) -> None:
        """`error` is what ended the delivery, if anything; `now` is in seconds since the epoch."""
        outcome, reason = _outcome(receipt, error)
        line: dict[str, object] = {"outcome": outcome, "reason": reason, "function_request_id": request_id}
        line |= _known(receipt) | {"duration_ms": round(duration_ms, 1)}
        age_ms = None
        if receipt.notification:
            age_ms = line["age_ms"] = round((now - receipt.notification.sent_at.timestamp()) * 1000)

        if receipt.unrecorded:
            line["unrecorded"] = str(receipt.unrecorded)
        if error is None:
            (self.logger.warning if receipt.unrecorded else self.logger.info)("Notification accepted", extra=line)
        elif isinstance(error, NotificationError):
            line["advice"] = error.advice
            log = self.logger.info if outcome == "in_flight" else self.logger.warning
            (self.logger.error if outcome == "failed" else log)(str(error), extra=line)
        else:
            self.logger.error("Unexpected error: please report it", extra=line, exc_info=error)
        self._count(outcome, reason, duration_ms, age_ms)

    def _count(self, outcome: str, reason: str, duration_ms: float, age_ms: int | None) -> None:
        metrics = self._metrics
        metrics.add_dimension("outcome", outcome)
        if reason:
            metrics.add_dimensions(outcome=outcome, reason=reason)
        metrics.add_metric("Notifications", MetricUnit.Count, 1)
        metrics.add_metric("Duration", MetricUnit.Milliseconds, duration_ms)
        if age_ms is not None:
            metrics.add_metric("Age", MetricUnit.Milliseconds, max(age_ms, 0))
        metrics.flush_metrics()


def _outcome(receipt: Receipt, error: Exception | None) -> tuple[str, str]:
    if error is None:
        return ("duplicate" if receipt.duplicate else "published"), ""
    if isinstance(error, InFlight):
        return "in_flight", error.reason
    if isinstance(error, NotificationError):
        return ("refused" if error.status < 500 else "failed"), error.reason
    return "failed", "unexpected"


def _known(receipt: Receipt) -> dict[str, object]:
    known: dict[str, object] = {}
    if receipt.notification:
        known |= {name: getattr(receipt.notification, name) for name in ("notify_id", "app_id", "msg_method")}
    elif receipt.request:
        request = receipt.request
        known |= {name: request.ascii(name)[:_UNVERIFIED_CHARACTERS] for name in ("notify_id", "app_id", "msg_method")}
    if receipt.verified:
        known |= {"convention": receipt.verified.convention, "key": receipt.verified.key}
    if receipt.attempt is not None:
        known["attempt"] = receipt.attempt
    return known
