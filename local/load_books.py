"""The books of a load run: what was sent and answered, what was received, and whether the two agree."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from local.alipay import Answer
from local.load_plan import Delivery, Programme

SLOW_S = 2.0
"""An answer that took longer may be one for which the function asked SNS twice: it waits that long for SNS."""
CLASSES = ("new", "duplicate", "in flight", "forgery", "refused", "failed", "no answer")


@dataclass
class Fate:
    """What became of one genuine notification."""

    acknowledged: bool = False
    trouble: str = ""
    """What happened to a delivery of it that may have published it without a record."""
    messages: Counter[str] = field(default_factory=Counter)
    """How often each message of its was taken from the queue, by the queue's message id."""


@dataclass(frozen=True)
class Reconciliation:
    """Sent against received, to the last notify_id."""

    genuine: int
    acknowledged: int
    received: int
    lost: Sequence[str]
    """Acknowledged, and never received."""
    given_up: Sequence[str]
    """Never acknowledged: every delivery failed, or time ran out."""
    published_unacknowledged: int
    """How many of those that were given up were received nevertheless."""
    forged_received: Sequence[str]
    """Received, and not what Alipay wrote under that notify_id."""
    forged_acknowledged: int
    repeated: Mapping[str, str]
    """Received more than once, and why."""

    @property
    def unexplained(self) -> list[str]:
        return [notify_id for notify_id, why in self.repeated.items() if not why]

    @property
    def promise_kept(self) -> bool:
        broken = (self.lost, self.given_up, self.forged_received, self.forged_acknowledged, self.unexplained)
        return not any(broken)


class Books:
    """Kept by the senders and by the one that drains the queue, at the same time."""

    def __init__(self, programme: Programme) -> None:
        self._programme, self._lock = programme, Lock()
        self._fates: dict[int, Fate] = defaultdict(Fate)
        self._forged_received: list[str] = []
        self._forged_acknowledged = 0
        self.statuses: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {name: [] for name in CLASSES}
        self.taken = 0
        """Messages taken from the queue."""

    def answered(self, delivery: Delivery, answer: Answer) -> None:
        with self._lock:
            name = self._enter(delivery, answer)
            self.seconds[name].append(answer.seconds)
            self.statuses[f"{name}: {answer.status or answer.body}"] += 1

    def _enter(self, delivery: Delivery, answer: Answer) -> str:
        if delivery.kind == "forged":
            self._forged_acknowledged += answer.accepted
            return "forgery"
        fate = self._fates[delivery.number]
        if answer.status == 0 or answer.status >= 500:
            fate.trouble = f"a delivery ended with {answer.status or 'no answer'}"
        elif answer.seconds >= SLOW_S:
            fate.trouble = f"a delivery took {answer.seconds:.0f} s"
        if answer.accepted:
            first, fate.acknowledged = not fate.acknowledged, True
            return "new" if first else "duplicate"
        if answer.status == 409:
            return "in flight"
        if answer.status == 0:
            return "no answer"
        return "failed" if answer.status >= 500 else "refused"

    def received(self, message: Mapping[str, Any]) -> None:
        """Enters an SQS message; one that is not of this run does not count."""
        event = json.loads(message["Body"])
        try:
            number = self._programme.number_of(event["id"])
        except LookupError:
            return
        with self._lock:
            self.taken += 1
            if number is None or not message["Body"].endswith(f'"data":{self._programme.biz_content(number)}}}'):
                self._forged_received.append(event["id"])
            else:
                self._fates[number].messages[message["MessageId"]] += 1

    def awaited(self) -> bool:
        """Whether something acknowledged has not been received yet."""
        with self._lock:
            return any(fate.acknowledged and not fate.messages for fate in self._fates.values())

    def reconcile(self) -> Reconciliation:
        with self._lock:
            fates = {self._programme.notify_id(n): self._fates[n] for n in range(self._programme.notifications)}
            return Reconciliation(
                genuine=len(fates),
                acknowledged=sum(fate.acknowledged for fate in fates.values()),
                received=sum(bool(fate.messages) for fate in fates.values()),
                lost=[i for i, fate in fates.items() if fate.acknowledged and not fate.messages],
                given_up=[i for i, fate in fates.items() if not fate.acknowledged],
                published_unacknowledged=sum(not fate.acknowledged and bool(fate.messages) for fate in fates.values()),
                forged_received=list(self._forged_received),
                forged_acknowledged=self._forged_acknowledged,
                repeated={i: _why(fate) for i, fate in fates.items() if fate.messages.total() > 1},
            )


def _why(fate: Fate) -> str:
    """The reason for which it was received more than once; empty when there is none."""
    return "the queue delivered it again" if len(fate.messages) == 1 else fate.trouble
