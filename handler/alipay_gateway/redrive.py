"""The redrive: a scheduled function that publishes what was claimed and never completed.

Alipay gives up after eight deliveries in 25 hours; the ledger has kept the event. The redrive takes a claim over as a
delivery would, so the two cannot both hold it.
"""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from botocore.session import Session

from .aws import PUBLISH_BUDGET_MS, client_of, new_session
from .cloudevent import stored_message
from .errors import NotificationError
from .ledger import Ledger
from .publisher import Publisher, Receipt
from .records import Key, Records
from .settings import Stores
from .telemetry import Telemetry
from .topics import Topics

PATIENCE_MS = 30 * 60 * 1000
"""How long a lease must have ended: until then Alipay itself comes back, after 2, 10 and 10 minutes.

A claim that could not be published again is released, and so waits as long for its next turn: it holds up no other.
"""


@dataclass
class Summary:
    """What a run did: claims it found open, published, left to somebody else who was faster, and failed to publish."""

    found: int = 0
    published: int = 0
    taken: int = 0
    failed: int = 0


class Redrive:
    """One run of it. `clock` tells seconds since the epoch."""

    def __init__(
        self, records: Records, topics: Topics, publisher: Publisher, telemetry: Telemetry, clock: Callable[[], float]
    ) -> None:
        self._records, self._topics, self._publisher = records, topics, publisher
        self._telemetry, self._clock = telemetry, clock

    def run(self, run_id: str, remaining_ms: Callable[[], int]) -> Summary:
        """Publishes every claim whose lease ended long ago, until time runs out. Raises LedgerUnavailable."""
        summary = Summary()
        for key in self._records.open_claims(int(self._clock() * 1000) - PATIENCE_MS):
            if remaining_ms() < 2 * PUBLISH_BUDGET_MS:
                break
            summary.found += 1
            outcome = self._publish(key, f"{run_id}/{summary.found}", remaining_ms)
            setattr(summary, outcome, getattr(summary, outcome) + 1)
        self._telemetry.count_open_claims(summary.found)
        return summary

    def _publish(self, key: Key, owner: str, remaining_ms: Callable[[], int]) -> str:
        receipt, failure = Receipt(redriven=True), None
        began = self._clock()
        try:
            taken = self._records.take_over(key, owner)
            if taken is None:
                return "taken"
            receipt.claim, event, msg_method = taken
            message = receipt.message = stored_message(event)
            self._publisher.publish(receipt.claim, self._topics.route(msg_method), message, remaining_ms, receipt)
        except NotificationError as error:
            failure = error
        self._telemetry.report(receipt, failure, request_id=owner, duration_ms=(self._clock() - began) * 1000)
        return "failed" if failure else "published"


def build(stores: Stores, session: Session, clock: Callable[[], float] = time.time) -> Redrive:
    """Wires the redrive."""
    dynamodb = client_of(session, "dynamodb")
    topics = Topics(client_of(session, "sns"), stores.topic_arn_prefix, stores.msg_methods, stores.unrouted_topic_arn)
    ledger = Ledger(dynamodb, stores.ledger_table, stores.retention_days, clock)
    return Redrive(
        Records(dynamodb, stores.ledger_table, clock),
        topics,
        Publisher(ledger, topics, PUBLISH_BUDGET_MS),
        Telemetry(clock),
        clock,
    )


def handler(_event: Any, context: Any) -> dict[str, int]:
    """The Lambda entry: one run, its summary as the result."""
    redrive = build(Stores.from_env(os.environ), new_session())
    return asdict(redrive.run(context.aws_request_id, context.get_remaining_time_in_millis))
