"""What a log line looks like: JSON as Powertools writes it, with metrics in it.

CloudWatch takes metrics out of any JSON line that says under `_aws` which of its members they are (embedded metric
format): https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping, Sequence
from logging import LogRecord
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

_NAMESPACE = "AlipayGateway"
_UNITS = {"Duration": "Milliseconds", "Age": "Milliseconds"}


class _Formatter(LambdaPowertoolsFormatter):
    """Takes a line's members ready-made, as the record's `line`: a third of the work, where each delivery is a line."""

    def format(self, record: LogRecord) -> str:
        line = record.__dict__.pop("line", None)
        if line is None or record.exc_info:
            record.__dict__.update(line or {})
            return super().format(record)
        head = {
            "level": record.levelname,
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
            "service": self.log_format["service"],
        }
        return self.serialize({**head, **line})


def new_logger() -> Logger:
    """Powertools' environment variables set the service's name. The level is fixed: a silenced line has no metrics."""
    return Logger(level="INFO", logger_formatter=_Formatter())


def embedded(metrics: Mapping[str, float], dimensions: Sequence[Sequence[str]], now: float) -> dict[str, Any]:
    """The members that make metrics of a line. `dimensions` are sets of other members; `now` is in epoch seconds."""
    definitions = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in metrics]
    directive = {"Namespace": _NAMESPACE, "Dimensions": dimensions, "Metrics": definitions}
    return {"_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]}, **metrics}
