"""The last two steps of a notification's way, taken by gateway and redrive alike: publish it, complete its record."""

from collections.abc import Callable
from dataclasses import dataclass

from .catalogue import Conformity
from .cloudevent import Message
from .errors import LedgerUnavailable, NoTimeLeft, PublishFailed
from .ledger import AlreadyPublished, Claim, Ledger
from .notification import Notification
from .request import SignedRequest
from .signature import Verified
from .topics import Topics


@dataclass(slots=True)
class Receipt:
    """What became known of a notification on its way: for the log, also when the way ended early."""

    request: SignedRequest | None = None
    verified: Verified | None = None
    notification: Notification | None = None
    conformity: Conformity | None = None
    message: Message | None = None
    claim: Claim | AlreadyPublished | None = None
    redriven: bool = False
    unrecorded: LedgerUnavailable | None = None
    """The ledger's failure after a publish, or after its failure: it does not change the answer."""


class Publisher:
    """`budget_ms` is the longest that publishing and recording take."""

    def __init__(self, ledger: Ledger, topics: Topics, budget_ms: int) -> None:
        self._ledger, self._topics, self._budget_ms = ledger, topics, budget_ms

    def publish(
        self, claim: Claim, topic_arn: str, message: Message, remaining_ms: Callable[[], int], receipt: Receipt
    ) -> None:
        """Publishes what is claimed. Raises NoTimeLeft or PublishFailed, the claim being released."""
        try:
            if remaining_ms() < self._budget_ms:
                raise NoTimeLeft("Too little time is left to publish")
            message_id = self._topics.publish(topic_arn, message)
        except (NoTimeLeft, PublishFailed):
            self._release(claim, receipt)
            raise
        self._complete(claim, message_id, receipt)

    def _release(self, claim: Claim, receipt: Receipt) -> None:
        try:
            self._ledger.release(claim)
        except LedgerUnavailable as error:
            receipt.unrecorded = error  # The lease ends by itself before Alipay's next delivery.

    def _complete(self, claim: Claim, message_id: str, receipt: Receipt) -> None:
        try:
            self._ledger.complete(claim, message_id)
        except LedgerUnavailable as error:
            receipt.unrecorded = error  # The message is out: `success` is true, and ends the deliveries.
