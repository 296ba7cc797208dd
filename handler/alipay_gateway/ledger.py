"""The ledger: one DynamoDB item per notification and app, from its claim to its publication.

`status` goes CLAIMED → PUBLISHED. A claim is a lease: whoever holds it publishes, and when its holder dies, the next
delivery, or the redrive, takes it over after `lease_until`. While it is open, `open_shard` has it stand in the index
that the redrive looks through. Times are milliseconds since the epoch, but for `expires_at` (seconds, as DynamoDB's TTL
wants it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from botocore.exceptions import BotoCoreError, ClientError

from .aws import code_of
from .errors import InFlight, LedgerUnavailable
from .notification import Notification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RETRIES_S = 2 * 86400
"""Alipay delivers for 25 hours, and a later delivery may carry a newer time: the record outlives that too."""
SHARDS = 16
"""Open claims are spread over so many partitions of the index: in an outage every notification is one."""
LEASE_MS = 60_000
"""Longer than the function's time-out (25 s), shorter than Alipay's first retry (2 minutes)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to publish a notification. `attempt` counts its claims, from 1; `owner` is the invocation's id.

    `first_received_at` is when its first claim was made, in milliseconds since the epoch.
    """

    notify_id: str
    app_id: str
    owner: str
    attempt: int
    first_received_at: int


@dataclass(frozen=True, slots=True)
class AlreadyPublished:
    """The notification was published by an earlier delivery, on its `attempt`."""

    attempt: int
    first_received_at: int


class Ledger:
    """`clock` tells seconds since the epoch; `retention_days` is how long a record outlives the sending."""

    def __init__(self, client: "DynamoDBClient", table: str, retention_days: int, clock: Callable[[], float]) -> None:
        self._client, self._table, self._clock = client, table, clock
        self._retention_s = retention_days * 86400

    def claim(self, notification: Notification, event: str, topic_arn: str, owner: str) -> Claim | AlreadyPublished:
        """One conditional write. Raises InFlight when another delivery holds the lease, or LedgerUnavailable."""
        now = self._now_ms()
        try:
            old = self._client.update_item(
                TableName=self._table,
                Key=_key(notification.notify_id, notification.app_id),
                # Not there yet, or claimed by a delivery that died or released it.
                ConditionExpression="attribute_not_exists(notify_id) OR (#status = :claimed AND lease_until <= :now)",
                UpdateExpression="SET #status = :claimed, lease_until = :lease_until, lease_owner = :owner,"
                " attempts = if_not_exists(attempts, :zero) + :one,"
                " first_received_at = if_not_exists(first_received_at, :now),"
                " msg_method = :msg_method, topic_arn = :topic_arn, event = :event, expires_at = :expires_at,"
                " open_shard = :shard",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":claimed": {"S": "CLAIMED"},
                    ":now": {"N": str(now)},
                    ":lease_until": {"N": str(now + LEASE_MS)},
                    ":owner": {"S": owner},
                    ":zero": {"N": "0"},
                    ":one": {"N": "1"},
                    ":msg_method": {"S": notification.msg_method},
                    ":topic_arn": {"S": topic_arn},
                    ":event": {"S": event},
                    ":expires_at": {"N": str(self._expires_at(notification))},
                    ":shard": {"S": _shard(notification.notify_id)},
                },
                ReturnValues="ALL_OLD",
                # A duplicate is told from the refusal itself, without a second call.
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            ).get("Attributes", {})
        except (BotoCoreError, ClientError) as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return self._refused(notification, owner, error)
            raise LedgerUnavailable(f"DynamoDB did not take the claim ({code_of(error)})") from error
        return Claim(
            notification.notify_id,
            notification.app_id,
            owner,
            _number(old, "attempts") + 1,
            _number(old, "first_received_at", now),
        )

    def complete(self, claim: Claim, message_id: str) -> None:
        """Records the publication. Raises LedgerUnavailable."""
        # Whoever holds the claim by now: the message is out, and that is what the record says.
        self._update(
            claim,
            "SET #status = :published, published_at = :now, message_id = :message_id"
            " REMOVE lease_until, lease_owner, open_shard",
            "attribute_exists(notify_id)",
            {
                ":published": {"S": "PUBLISHED"},
                ":now": {"N": str(self._now_ms())},
                ":message_id": {"S": message_id},
            },
        )

    def release(self, claim: Claim) -> None:
        """Ends the lease, so that the next delivery need not wait for it. Raises LedgerUnavailable."""
        self._update(
            claim,
            "SET lease_until = :now REMOVE lease_owner",
            "lease_owner = :owner AND #status = :claimed",
            {":now": {"N": str(self._now_ms())}, ":owner": {"S": claim.owner}, ":claimed": {"S": "CLAIMED"}},
        )

    def _refused(self, notification: Notification, owner: str, refusal: Any) -> Claim | AlreadyPublished:
        item = refusal.response.get("Item", {})
        attempts, first = _number(item, "attempts"), _number(item, "first_received_at")
        if item.get("status") == {"S": "PUBLISHED"}:
            return AlreadyPublished(attempts, first)
        if item.get("lease_owner") == {"S": owner}:
            # Our own claim: its first answer was lost, and botocore's second try met it.
            return Claim(notification.notify_id, notification.app_id, owner, attempts, first)
        raise InFlight("Another delivery of it holds the claim")

    def _update(self, claim: Claim, update: str, condition: str, values: dict[str, Any]) -> None:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(claim.notify_id, claim.app_id),
                ConditionExpression=condition,
                UpdateExpression=update,
                # DynamoDB refuses names that no expression uses.
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=values,
            )
        except (BotoCoreError, ClientError) as error:
            raise LedgerUnavailable(f"DynamoDB did not take the update ({code_of(error)})") from error

    def _expires_at(self, notification: Notification) -> int:
        # Whatever the replay window lets in must find its record, also when Alipay's clock is ahead of ours.
        return int(max(notification.sent_at.timestamp(), self._clock())) + self._retention_s + RETRIES_S

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _key(notify_id: str, app_id: str) -> dict[str, Any]:
    return {"notify_id": {"S": notify_id}, "app_id": {"S": app_id}}


def _number(item: Any, name: str, default: int = 0) -> int:
    return int(item[name]["N"]) if name in item else default


def _shard(notify_id: str) -> str:
    return str(crc32(notify_id.encode()) % SHARDS)
