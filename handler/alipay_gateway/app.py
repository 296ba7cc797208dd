"""The Lambda entry: builds everything once, then event in, reply out."""

import gc

# Start-up makes a hundred thousand objects that stay: going through them again and again was a fifth of it.
gc.disable()

import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.session import Session

from .aws import PUBLISH_BUDGET_MS, client_of, new_session
from .catalogue import Catalogue
from .errors import NotificationError
from .gateway import NotificationGateway
from .keyring import FileSource, Keyring, SecretSource
from .ledger import Ledger
from .publisher import Publisher, Receipt
from .settings import Settings
from .telemetry import Telemetry
from .topics import Topics


class Handler:
    """Answers API Gateway's events. Whatever happens, it returns a reply; only `success` ends Alipay's deliveries."""

    def __init__(self, gateway: NotificationGateway, telemetry: Telemetry) -> None:
        self._gateway, self._telemetry = gateway, telemetry

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        began = time.perf_counter()
        receipt = Receipt()
        request_id = context.aws_request_id
        failure: Exception | None = None
        try:
            self._gateway.receive(event, request_id, context.get_remaining_time_in_millis, receipt)
            reply = _reply(200, "success")
        except NotificationError as error:
            failure, reply = error, _reply(error.status, "fail")
        except Exception as error:  # noqa: BLE001  the one place that catches all: nothing may leak to the outside
            failure, reply = error, _reply(500, "fail")
        duration_ms = (time.perf_counter() - began) * 1000
        try:
            self._telemetry.report(receipt, failure, request_id=request_id, duration_ms=duration_ms)
        except Exception:
            logging.getLogger().exception("The delivery was answered %s but not reported", reply["statusCode"])
        return reply


def _reply(status: int, word: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "text/plain"}, "body": word}


def build(settings: Settings, session: Session, clock: Callable[[], float] = time.time) -> Handler:
    """Wires the function: two clients of one session, the keyring's client only when it is needed."""
    stores = settings.stores
    telemetry = Telemetry(clock)
    source = (
        FileSource(Path(settings.keyring_file))
        if settings.keyring_file
        else SecretSource(lambda: client_of(session, "secretsmanager"), settings.keyring_secret_id)
    )
    ledger = Ledger(client_of(session, "dynamodb"), stores.ledger_table, stores.retention_days, clock)
    topics = Topics(client_of(session, "sns"), stores.topic_arn_prefix, stores.msg_methods, stores.unrouted_topic_arn)
    gateway = NotificationGateway(
        Keyring(source, clock, telemetry.logger.error, telemetry.count_certificate_days),
        Catalogue(),
        ledger,
        topics,
        Publisher(ledger, topics, PUBLISH_BUDGET_MS),
        retention_days=stores.retention_days,
        clock=clock,
    )
    return Handler(gateway, telemetry)


handler = build(Settings.from_env(os.environ), new_session())

gc.freeze()  # Nor is the collector to go through them at every delivery.
gc.enable()
