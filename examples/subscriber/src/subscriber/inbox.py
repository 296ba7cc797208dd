"""Each notification once: the records of a batch one by one, and for every notification a record in DynamoDB.

What fails is reported as failed and comes again, alone; what was done is remembered and skipped. That holds but for
one gap, which no table beside the work can close: when the work was done and its record could not be written, it is
done again. Where this matters, write the result and the notification's key in one transaction of your own database.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from alipay_events import Event, read_event

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

Work = Callable[[Event], Mapping[str, str]]
"""Does what there is to do. What it returns is kept in the notification's record; what it raises fails the message."""


class Inbox:
    """A Lambda handler of SQS batches. `replays_again`: whether each replay of a notification is worked on anew."""

    def __init__(
        self,
        work: Work,
        *,
        client: "DynamoDBClient",
        table: str,
        remember_days: int,
        replays_again: bool,
        logger: Logger,
    ) -> None:
        self._work = work
        self._replays_again = replays_again
        self._logger = logger
        # One that fails whole is reported like any other: an exception would make Lambda slow down its polling.
        self._batch = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        self._config = IdempotencyConfig(expires_after_seconds=remember_days * 86_400, hash_function="sha256")
        self._once: Callable[..., None] = idempotent_function(
            self._do,
            data_keyword_argument="key",
            persistence_store=DynamoDBPersistenceLayer(table, boto3_client=client),
            config=self._config,
            # Instead of the functions' names: they may change, and what was remembered must not be forgotten.
            key_prefix="notification",
        )

    def __call__(self, event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
        # So that what an invocation that died was at is taken up again when its time would have ended.
        self._config.register_lambda_context(context)
        return process_partial_response(event, self._receive, self._batch, context)

    def _receive(self, record: "SQSRecord") -> None:
        try:
            event = read_event(record.raw_event)
            self._once(key=self._key(event), event=event)
        except Exception:
            tries = record.attributes.approximate_receive_count
            self._logger.exception("Failed", extra={"message_id": record.message_id, "tries": tries})
            raise

    def _key(self, event: Event) -> str:
        replay = event.replay if self._replays_again else None
        return json.dumps([*event.key, replay] if replay else event.key)

    def _do(self, key: str, event: Event) -> dict[str, str]:
        done = dict(self._work(event))
        self._logger.info("Handled", extra={"notification": key, "schema": event.schema, **done})
        return done
