"""The replay: a function that sends again what was published, for the day when a consumer had a bug.

    {"notify_id": "…"}   every app's notification under that id
    {"msg_method": "…", "from": "…", "to": "…"}   what was published from one time (RFC 3339) to before another

and with either, all optional: `"replay_id"`, which marks what is sent again (the message attribute `replay`);
`"dry_run": true`, which only counts; `"rate"`, messages a second (10); `"cursor"`, where an earlier call ended.

One call goes on for about `"seconds"` (15), then returns what it did and, while there is more, the `cursor` to go on
from. A message goes to the topic that it went to. Nothing is written to the ledger.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from botocore.session import Session

from .aws import client_of, new_session
from .cloudevent import stored_message
from .errors import PublishFailed
from .records import Key, Page, Record, Records
from .settings import Stores
from .topics import Topics


@dataclass
class Progress:
    """What a call did. `scanned` counts the ledger's records looked at, `matched` those to send again."""

    replay_id: str
    scanned: int = 0
    matched: int = 0
    published: int = 0
    failed: str = ""
    """Why the call ended early: SNS refused a message, and the cursor stands before it."""
    cursor: Key | None = None


@dataclass(frozen=True)
class Order:
    """What to send again, parsed. Times are milliseconds since the epoch."""

    notify_id: str
    msg_method: str
    from_ms: int
    to_ms: int
    dry_run: bool
    rate: float
    seconds: float

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "Order":
        """Raises ValueError, saying what is missing or wrong."""
        notify_id, msg_method = event.get("notify_id", ""), event.get("msg_method", "")
        if bool(notify_id) == bool(msg_method):
            raise ValueError("Give one of notify_id and msg_method")
        rate, seconds = float(event.get("rate", 10)), float(event.get("seconds", 15))
        if not (0 < rate <= 1000 and 0 < seconds <= 600):
            raise ValueError("rate must be above 0 and at most 1000, seconds above 0 and at most 600")
        window = (_epoch_ms(event, "from"), _epoch_ms(event, "to")) if msg_method else (0, 0)
        return cls(str(notify_id), str(msg_method), *window, bool(event.get("dry_run", False)), rate, seconds)


class Replay:
    """`clock` tells seconds, of any epoch."""

    def __init__(
        self, records: Records, topics: Topics, clock: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self._records, self._topics, self._clock, self._sleep = records, topics, clock, sleep

    def run(self, order: Order, replay_id: str, cursor: Key | None) -> Progress:
        """One call's share of the order. Raises LedgerUnavailable."""
        began = self._clock()
        progress = Progress(replay_id, cursor=cursor)
        for page in self._pages(order, cursor):
            progress.scanned += page.scanned
            for record in page.records:
                progress.matched += 1
                if not order.dry_run and not self._publish(record, progress, began, order.rate):
                    return progress
                progress.cursor = record.key
                if not order.dry_run and self._clock() - began > order.seconds:
                    return progress
            progress.cursor = page.next
            if self._clock() - began > order.seconds:
                return progress
        return progress

    def _pages(self, order: Order, start: Key | None) -> Iterator[Page]:
        while True:
            if order.notify_id:
                page = self._records.published_as(order.notify_id, start)
            else:
                page = self._records.published_between(order.msg_method, order.from_ms, order.to_ms, start)
            yield page
            start = page.next
            if start is None:
                return

    def _publish(self, record: Record, progress: Progress, began: float, rate: float) -> bool:
        self._sleep(max(0.0, began + progress.published / rate - self._clock()))
        message = stored_message(record.event)
        message = replace(message, attributes={**message.attributes, "replay": progress.replay_id})
        try:
            self._topics.publish(record.topic_arn, message)
        except PublishFailed as error:
            progress.failed, progress.matched = str(error), progress.matched - 1
            return False
        progress.published += 1
        return True


def _epoch_ms(event: Mapping[str, Any], name: str) -> int:
    try:
        time_ = datetime.fromisoformat(event[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a time like 2021-07-30T12:00:00+08:00") from error
    if time_.tzinfo is None:
        raise ValueError(f"{name} must say its offset from UTC, like 2021-07-30T12:00:00+08:00")
    return round(time_.timestamp() * 1000)


def build(stores: Stores, session: Session) -> Replay:
    """Wires the replay."""
    topics = Topics(client_of(session, "sns"), stores.topic_arn_prefix, stores.msg_methods, stores.unrouted_topic_arn)
    records = Records(client_of(session, "dynamodb"), stores.ledger_table, time.time)
    return Replay(records, topics, time.monotonic, time.sleep)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda entry."""
    order = Order.parse(event)
    replay = build(Stores.from_env(os.environ), new_session())
    return asdict(replay.run(order, event.get("replay_id") or context.aws_request_id, event.get("cursor")))
