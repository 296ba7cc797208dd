"""The way of a notification: request, verify, decode, claim, publish, complete.

`success` is answered only for a notification that is genuine and already published.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .cloudevent import to_cloudevent
from .encryption import decrypt
from .errors import CannotDecrypt, LedgerUnavailable, NoTimeLeft, OutsideReplayWindow, PublishFailed
from .keyring import Keyring
from .ledger import AlreadyPublished, Claim, Ledger
from .notification import Notification, read_notification
from .request import SignedRequest, read_request
from .signature import SignatureVerifier, Verified
from .topics import Topics, check_size

CLOCK_SKEW = timedelta(days=1)
"""How far ahead of our clock a notification may have been sent."""


@dataclass(slots=True)
class Receipt:
    """What became known of a delivery on its way: for the log, also when the way ended early."""

    request: SignedRequest | None = None
    verified: Verified | None = None
    notification: Notification | None = None
    attempt: int | None = None
    duplicate: bool = False
    unrecorded: LedgerUnavailable | None = None
    """The ledger's failure after the publish, or after its failure: it does not change the answer."""


class NotificationGateway:
    """`clock` tells seconds since the epoch; `publish_budget_ms` is the longest that publishing and recording take."""

    def __init__(
        self,
        keyring: Keyring,
        ledger: Ledger,
        topics: Topics,
        *,
        retention_days: int,
        publish_budget_ms: int,
        clock: Callable[[], float],
    ) -> None:
        self._keyring, self._ledger, self._topics = keyring, ledger, topics
        self._verifier = SignatureVerifier(keyring)
        self._retention, self._clock = timedelta(days=retention_days), clock
        self._publish_budget_ms = publish_budget_ms

    def receive(self, event: Mapping[str, Any], owner: str, remaining_ms: Callable[[], int], receipt: Receipt) -> None:
        """Returns when the notification is published, now or before; raises a NotificationError otherwise.

        `owner` names this delivery in the ledger and is never used twice. `receipt` is filled on the way.
        """
        request = receipt.request = read_request(event)
        verified = receipt.verified = self._verifier.verify(request)
        notification = receipt.notification = self._decode(request, verified)
        self._check_replay_window(notification)
        message = to_cloudevent(notification)
        check_size(notification, message)

        topic_arn = self._topics.route(notification.msg_method)
        claim = self._ledger.claim(notification, message, topic_arn, owner)
        receipt.attempt = claim.attempt
        if isinstance(claim, AlreadyPublished):
            receipt.duplicate = True
            return
        try:
            if remaining_ms() < self._publish_budget_ms:
                raise NoTimeLeft("Too little time is left to publish")
            message_id = self._topics.publish(topic_arn, notification, message)
        except (NoTimeLeft, PublishFailed):
            self._release(claim, receipt)
            raise
        self._complete(claim, message_id, receipt)

    def _decode(self, request: SignedRequest, verified: Verified) -> Notification:
        try:
            return read_notification(request, lambda raw, codecs: decrypt(raw, verified.keys.aes_keys, codecs))
        except CannotDecrypt:
            if not self._keyring.reread():
                raise
            keys = self._keyring.keys_of(request.ascii("app_id"))
            return read_notification(request, lambda raw, codecs: decrypt(raw, keys.aes_keys, codecs))

    def _check_replay_window(self, notification: Notification) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        if not now - self._retention < notification.sent_at <= now + CLOCK_SKEW:
            raise OutsideReplayWindow("It was sent outside the replay window")

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
