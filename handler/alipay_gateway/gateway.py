"""The way of a notification: request, verify, decode, claim, publish, complete.

`success` is answered only for a notification that is genuine and already published.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .catalogue import Catalogue
from .cloudevent import to_message
from .encryption import decrypt
from .errors import CannotDecrypt, OutsideReplayWindow
from .keyring import Keyring
from .ledger import AlreadyPublished, Ledger
from .notification import Notification, read_notification
from .publisher import Publisher, Receipt
from .request import SignedRequest, read_request
from .signature import SignatureVerifier, Verified
from .topics import Topics

CLOCK_SKEW = timedelta(days=1)
"""How far ahead of our clock a notification may have been sent."""


class NotificationGateway:
    """`clock` tells seconds since the epoch."""

    def __init__(
        self,
        keyring: Keyring,
        catalogue: Catalogue,
        ledger: Ledger,
        topics: Topics,
        publisher: Publisher,
        *,
        retention_days: int,
        clock: Callable[[], float],
    ) -> None:
        self._keyring, self._verifier = keyring, SignatureVerifier(keyring)
        self._catalogue, self._ledger, self._topics, self._publisher = catalogue, ledger, topics, publisher
        self._retention, self._clock = timedelta(days=retention_days), clock

    def receive(self, event: Mapping[str, Any], owner: str, remaining_ms: Callable[[], int], receipt: Receipt) -> None:
        """Returns when the notification is published, now or before; raises a NotificationError otherwise.

        `owner` names this delivery in the ledger and is never used twice. `receipt` is filled on the way.
        """
        request = receipt.request = read_request(event)
        verified = receipt.verified = self._verifier.verify(request)
        notification = receipt.notification = self._decode(request, verified)
        self._check_replay_window(notification)
        conformity = receipt.conformity = self._catalogue.check(notification)
        message = receipt.message = to_message(notification, conformity)

        topic_arn = self._topics.route(notification.msg_method)
        claim = receipt.claim = self._ledger.claim(notification, message.event, topic_arn, owner)
        if not isinstance(claim, AlreadyPublished):
            self._publisher.publish(claim, topic_arn, message, remaining_ms, receipt)

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
