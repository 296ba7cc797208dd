"""The real handler on an AWS that only remembers what it was asked to write: for inputs by the hundred thousand."""

import io
import json
import logging
import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from alipay_gateway.app import build
from alipay_gateway.settings import Settings
from tests.support.lambda_context import LambdaContext


@dataclass(frozen=True)
class Delivery:
    """What became of one event."""

    status: int
    body: str
    line: dict[str, Any]
    """The one log line that every delivery leaves."""
    published: list[dict[str, Any]]
    """What SNS was asked to publish."""
    writes: int
    """Calls that may have changed something."""


class OfflineGateway:
    """The function as deployed, but for AWS, which takes every write and knows of no earlier one."""

    def __init__(self, keyring: dict[str, Any], now: float) -> None:
        self._secret = json.dumps(keyring)
        self._calls: list[tuple[str, dict[str, Any]]] = []
        session: Any = self
        self.handler = build(Settings.from_env(os.environ), session, lambda: now)

    def create_client(self, _service: str, **_: Any) -> Any:
        """What botocore's session does."""
        return _Client(self._answer)

    def deliver(self, event: Any) -> Delivery:
        """Any event. Fails unless there is a reply of the documented form and one log line."""
        self._calls.clear()
        printed = io.StringIO()
        for log in logging.getLogger(os.environ["POWERTOOLS_SERVICE_NAME"]).handlers:
            if isinstance(log, logging.StreamHandler):
                log.stream = printed
        with redirect_stdout(printed):
            reply = self.handler(event, LambdaContext())
        assert reply.keys() == {"statusCode", "headers", "body"}
        assert reply["headers"] == {"content-type": "text/plain"}
        lines = [json.loads(line) for line in printed.getvalue().split("\n") if line]
        (line,) = [line for line in lines if "CertificateDaysLeft" not in line]
        published = [arguments for operation, arguments in self._calls if operation == "publish"]
        return Delivery(reply["statusCode"], reply["body"], line, published, len(self._calls))

    def _answer(self, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation == "get_secret_value":
            return {"SecretString": self._secret}
        self._calls.append((operation, arguments))
        return {"MessageId": "message"} if operation == "publish" else {}


class _Client:
    meta = SimpleNamespace(events=SimpleNamespace(register_first=lambda *_: None))

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __getattr__(self, operation: str) -> Any:
        return partial(self._answer, operation)
