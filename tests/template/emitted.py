"""Every metric that the code emits, told by the code itself: each way that a notification can go, reported once."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from alipay_gateway import errors
from alipay_gateway.catalogue import Conformity
from alipay_gateway.ledger import AlreadyPublished, Claim
from alipay_gateway.publisher import Receipt
from alipay_gateway.telemetry import Telemetry

NAMESPACE = "AlipayGateway"

Metric = tuple[str, frozenset[tuple[str, str]]]
"""Its name and its dimensions."""

_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_FIRST = _NOW - timedelta(hours=20)
"""So long ago that what is not published is near its loss."""


@cache
def emitted(service: str) -> frozenset[Metric]:
    """The metrics of a stack of this name."""
    metrics = set()
    for line in _lines():
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, service if name == "service" else line[name]) for name in names)
            metrics |= {(metric["Name"], dimensions) for metric in directive["Metrics"]}
    return frozenset(metrics)


@cache
def reasons(outcome: str) -> frozenset[str]:
    """The reasons that an outcome can have."""
    return frozenset(line["reason"] for line in _lines() if line.get("outcome") == outcome)


@cache
def _lines() -> list[dict[str, Any]]:
    with _printed() as printed:
        telemetry = Telemetry(_NOW.timestamp)
        telemetry.count_open_claims(1)
        telemetry.count_certificate_days(1)
        first = int(_FIRST.timestamp() * 1000)
        claim = Claim("n-1", "app", "owner", 1, first)
        for receipt in (
            _receipt(claim=claim),
            _receipt(claim=claim, redriven=True),
            _receipt(claim=AlreadyPublished(1, first)),
        ):
            telemetry.report(receipt, None, request_id="request", duration_ms=1)
        for error in (*(known("…") for known in errors.NotificationError.__subclasses__()), RuntimeError("…")):
            # A refusal comes before anybody vouches for what the request says of itself.
            refused = isinstance(error, errors.NotificationError) and error.status in {400, 403}
            receipt = Receipt() if refused else _receipt()
            telemetry.report(receipt, error, request_id="request", duration_ms=1)
    return [json.loads(line) for line in printed.getvalue().splitlines()]


def _receipt(*, claim: Claim | AlreadyPublished | None = None, redriven: bool = False) -> Receipt:
    notification: Any = SimpleNamespace(sent_at=_FIRST, notify_id="n-1", app_id="app", msg_method="a.method")
    conformity = Conformity("invalid", mismatch="/amount type")
    return Receipt(notification=notification, claim=claim, redriven=redriven, conformity=conformity)


@contextmanager
def _printed() -> Iterator[io.StringIO]:
    printed = io.StringIO()
    with redirect_stdout(printed):
        service = Telemetry(_NOW.timestamp).logger.service
        # The logger writes to the stdout that was there when the first of its name was made.
        handlers = [cast("logging.StreamHandler[Any]", handler) for handler in logging.getLogger(service).handlers]
        before = [handler.stream for handler in handlers]
        for handler in handlers:
            handler.stream = printed
        try:
            yield printed
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.stream = stream
