"""What the ledger holds, read for the redrive (claims that stayed open) and for the replay (what was published)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from .aws import code_of
from .errors import LedgerUnavailable
from .ledger import LEASE_MS, SHARDS, Claim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN_CLAIMS_INDEX = "open_claims"
"""Partition key `open_shard`, sort key `lease_until`: a record stands in it from its claim to its publication."""

Key = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A published notification: the event as it was published, and the topic it went to."""

    event: str
    topic_arn: str
    key: Key


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, how many were looked at to find them, and where the next page starts: None after the last."""

    records: list[Record]
    scanned: int
    next: Key | None


class Records:
    """`clock` tells seconds since the epoch. Every method raises LedgerUnavailable."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], float]) -> None:
        self._client, self._table, self._clock = client, table, clock

    def open_claims(self, before_ms: int) -> Iterator[Key]:
        """The keys of the claims whose lease ended before a time (epoch milliseconds), oldest first in each shard."""
        for shard in range(SHARDS):
            start: Key | None = {}
            while start is not None:
                page = self._call(
                    "query",
                    IndexName=OPEN_CLAIMS_INDEX,
                    KeyConditionExpression="open_shard = :shard AND lease_until < :before",
                    ExpressionAttributeValues={":shard": {"S": str(shard)}, ":before": {"N": str(before_ms)}},
                    **({"ExclusiveStartKey": start} if start else {}),
                )
                for item in page["Items"]:
                    yield _key(item)
                start = page.get("LastEvaluatedKey")

    def take_over(self, key: Key, owner: str) -> tuple[Claim, str, str] | None:
        """Claims an open record whose lease has ended: the claim, its event and its msg_method; None if it has not."""
        now = int(self._clock() * 1000)
        try:
            item = self._call(
                "update_item",
                Key=key,
                ConditionExpression="#status = :claimed AND lease_until <= :now",
                UpdateExpression="SET lease_until = :lease_until, lease_owner = :owner, attempts = attempts + :one",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":claimed": {"S": "CLAIMED"},
                    ":now": {"N": str(now)},
                    ":lease_until": {"N": str(now + LEASE_MS)},
                    ":owner": {"S": owner},
                    ":one": {"N": "1"},
                },
                ReturnValues="ALL_NEW",
            )["Attributes"]
        except _Refused:
            return None
        attempts, first = int(item["attempts"]["N"]), int(item["first_received_at"]["N"])
        claim = Claim(item["notify_id"]["S"], item["app_id"]["S"], owner, attempts, first)
        return claim, item["event"]["S"], item["msg_method"]["S"]

    def published_as(self, notify_id: str, start: Key | None) -> Page:
        """One page of what was published under a notify_id: a record for each app that it was sent to."""
        return self._page(
            "query",
            start,
            KeyConditionExpression="notify_id = :notify_id",
            FilterExpression="#status = :published",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":notify_id": {"S": notify_id}, ":published": {"S": "PUBLISHED"}},
        )

    def published_between(self, msg_method: str, from_ms: int, to_ms: int, start: Key | None) -> Page:
        """One page of what was published of a msg_method from one time to before another (epoch milliseconds).

        There is no index for this: it reads through the table.
        """
        return self._page(
            "scan",
            start,
            FilterExpression="#status = :published AND msg_method = :name AND published_at BETWEEN :from AND :to",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":published": {"S": "PUBLISHED"},
                ":name": {"S": msg_method},
                ":from": {"N": str(from_ms)},
                ":to": {"N": str(to_ms - 1)},
            },
        )

    def _page(self, operation: str, start: Key | None, **arguments: Any) -> Page:
        page = self._call(operation, **arguments, **({"ExclusiveStartKey": start} if start else {}))
        records = [Record(item["event"]["S"], item["topic_arn"]["S"], _key(item)) for item in page["Items"]]
        return Page(records, page["ScannedCount"], page.get("LastEvaluatedKey"))

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(TableName=self._table, **arguments)
        except (BotoCoreError, ClientError) as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise _Refused from error
            raise LedgerUnavailable(f"DynamoDB refused to {operation} ({code_of(error)})") from error


class _Refused(Exception):
    """The condition of a write was not met."""


def _key(item: Any) -> Key:
    return {name: item[name] for name in ("notify_id", "app_id")}
