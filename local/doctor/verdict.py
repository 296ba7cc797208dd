"""What the gateway itself says of a request: its own code from the event to the topic, with nothing behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alipay_gateway.aws import PUBLISH_BUDGET_MS
from alipay_gateway.catalogue import Catalogue
from alipay_gateway.gateway import NotificationGateway
from alipay_gateway.keyring import Keyring
from alipay_gateway.ledger import AlreadyPublished, Ledger
from alipay_gateway.notification import Notification
from alipay_gateway.publisher import Publisher, Receipt
from alipay_gateway.settings import Stores
from alipay_gateway.topics import Topics


@dataclass(frozen=True)
class Verdict:
    """`error` is what the gateway refuses the request with; None: it would be published, to `topic_arn`."""

    receipt: Receipt
    error: Exception | None
    topic_arn: str


def judge(event: Mapping[str, Any], keyring: str, stores: Stores, now: float) -> Verdict:
    """`keyring` is the secret's JSON text, `now` in seconds since the epoch. Does not raise."""
    nothing: Any = None
    ledger = _DryLedger()
    topics = Topics(nothing, stores.topic_arn_prefix, stores.msg_methods, stores.unrouted_topic_arn)
    gateway = NotificationGateway(
        Keyring(lambda: keyring, lambda: now, _ignore, _ignore),
        Catalogue(),
        ledger,
        topics,
        Publisher(ledger, topics, PUBLISH_BUDGET_MS),
        retention_days=stores.retention_days,
        clock=lambda: now,
    )
    receipt = Receipt()
    try:
        gateway.receive(event, "doctor", lambda: 0, receipt)
    except Exception as error:  # noqa: BLE001  what the gateway did not foresee it answers with `fail` as well
        return Verdict(receipt, error, "")
    return Verdict(receipt, None, ledger.topic_arn)


class _DryLedger(Ledger):
    """Ends the way where something would be written."""

    def __init__(self) -> None:
        self.topic_arn = ""

    def claim(self, _notification: Notification, _event: str, topic_arn: str, _owner: str) -> AlreadyPublished:
        self.topic_arn = topic_arn
        return AlreadyPublished(attempt=1, first_received_at=0)


def _ignore(_: object) -> None:
    """The doctor looks at the keyring itself."""
