"""Every fault and every pair of faults, enumerated, and the life of one notification under them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, product

from alipay_gateway.app import Handler
from local.alipay import RETRY_INTERVALS_S
from tests.faults.mishaps import Mishap
from tests.faults.stage import Cue, Stage

REFUSED, THROTTLED, BROKEN, DENIED = Mishap.REFUSED, Mishap.THROTTLED, Mishap.BROKEN, Mishap.DENIED
LOST, SLOW, DIES_BEFORE, DIES_AFTER = Mishap.LOST, Mishap.SLOW, Mishap.DIES_BEFORE, Mishap.DIES_AFTER

PASSING = [(REFUSED,), (THROTTLED,), (BROKEN,), (LOST,)]
"""botocore's second attempt makes good for these."""
FAILING = [
    *[(REFUSED, REFUSED), (THROTTLED, THROTTLED), (BROKEN, BROKEN), (LOST, LOST)],
    *[(REFUSED, LOST), (LOST, REFUSED), (DENIED,)],
]
DYING = [(DIES_BEFORE,), (DIES_AFTER,), (LOST, DIES_BEFORE)]
DRAGGING = [(SLOW,)]

DELIVERIES_S = tuple(accumulate(RETRY_INTERVALS_S, initial=0))
CLOCKS_S = {
    "steady": (0,) * 8,
    "instances a minute apart": (30, -30) * 4,
    "an hour back from the second delivery on": (0, *(-3600,) * 7),
    "the second delivery an hour ahead": (0, 3600, *(0,) * 6),
}
"""How far the clock of the instance that takes each delivery is ahead of true time."""


@dataclass(frozen=True)
class Fault:
    """What happens to the successive attempts of a call; to the `answer`, that Alipay does not get it."""

    call: str
    attempts: tuple[Mishap, ...]

    def __str__(self) -> str:
        return f"{self.call} ({', then '.join(self.attempts)})"


@dataclass(frozen=True)
class Plan:
    """The first fault meets the first delivery; the second one the same, or the first `later` one to come so far."""

    first: Fault
    second: Fault | None
    later: bool
    clock: str

    def __str__(self) -> str:
        second = f"{', later' if self.later else ' and'} {self.second}" if self.second else ""
        return f"{self.first}{second}; {self.clock}"


def _faults(*calls: str, attempts: list[tuple[Mishap, ...]]) -> list[Fault]:
    return [Fault(call, each) for call, each in product(calls, attempts)]


ANSWER_LOST = Fault("answer", (LOST,))
ALL = [*PASSING, *FAILING, *DYING, *DRAGGING]
SINGLES = [*_faults("keyring", "claim", "publish", "complete", attempts=ALL), ANSWER_LOST]
_AFTER = {
    "keyring": ("claim", "publish", "complete"),
    "claim": ("publish", "complete"),
    "publish": ("complete",),
    "complete": (),
    "answer": (),
}


def _in_the_same_delivery(first: Fault) -> list[Fault]:
    """The faults that a delivery can still meet after the first one."""
    if first.attempts in DYING or first == ANSWER_LOST:
        return []
    if first.attempts in FAILING:
        return {"publish": _faults("release", attempts=ALL), "complete": [ANSWER_LOST]}.get(first.call, [])
    if first.attempts in DRAGGING and first.call in {"keyring", "claim"}:  # no time is left to publish
        return _faults("release", attempts=ALL)
    return [*_faults(*_AFTER[first.call], attempts=ALL), ANSWER_LOST]


def _in_a_later_delivery(first: Fault, clock: str) -> list[Fault]:
    """The faults that the deliveries after it can meet, if there are any: if Alipay was not told `success`."""
    published = first.call in {"publish", "complete"} and first.attempts in DRAGGING
    accepted = first.attempts in PASSING or published or (first.call == "complete" and first.attempts in FAILING)
    if accepted and first != ANSWER_LOST:
        return []
    # The keyring is read again by a new process, when it could not be read before, and after a jump of the clock.
    dies = first.attempts in DYING
    cold = dies or (first.call == "keyring" and first.attempts in FAILING) or "hour" in clock
    recorded = first == ANSWER_LOST or (first.call == "complete" and first.attempts != (DIES_BEFORE,))
    calls = [*(["keyring"] if cold else []), "claim", *([] if recorded else ["publish", "complete"])]
    return [*_faults(*calls, attempts=ALL), ANSWER_LOST]


def plans() -> Iterator[Plan]:
    """All of them: single faults, pairs in one delivery, pairs in two, each under every clock."""
    for first, clock in product(SINGLES, CLOCKS_S):
        yield Plan(first, None, later=False, clock=clock)
    for first in SINGLES:
        for clock, second in product(CLOCKS_S, _in_the_same_delivery(first)):
            yield Plan(first, second, later=False, clock=clock)
        for clock in CLOCKS_S:
            for second in _in_a_later_delivery(first, clock):
                yield Plan(first, second, later=True, clock=clock)


def live(stage: Stage, plan: Plan, other: Handler, number: int) -> bool:
    """One notification's life under a plan, and whether all of its faults happened.

    While it is published, a duplicate arrives at the `other` instance; a forgery of it comes after its first delivery.
    """
    world = stage.world
    start = world.now + 86_400
    notification = world.notification(utc_timestamp=int(start * 1000), notify_id=f"plan-{number}")
    key = stage.expect(notification)
    stage.log = [str(plan)]
    process = stage.process()
    due = {fault.call: list(fault.attempts) for fault in (plan.first, None if plan.later else plan.second) if fault}
    moment: Cue = ("publish", "after" if number % 2 else "before")

    for delivery, (after_s, ahead_s) in enumerate(zip(DELIVERIES_S, CLOCKS_S[plan.clock], strict=True)):
        world.now = start + after_s + ahead_s
        sent = world.alipay.retry(notification, sent_ms=int((start + after_s) * 1000)) if delivery else notification
        if delivery == 1 and plan.later and plan.second:
            due = {plan.second.call: list(plan.second.attempts)}
        meanwhile = {moment: lambda sent=sent: stage.deliver(other, sent)}
        word = stage.deliver(process, sent, mishaps=due, meanwhile=meanwhile)
        if not delivery:
            forged = sent.parameters["biz_content"].replace("10.00", "90.00")
            stage.forge(process if word == "success" else other, sent.with_parameter("biz_content", forged))
        if word is None:
            process = stage.process()
        if word == "success" and not due.pop("answer", None):
            stage.traces[key].acknowledged = True
            break

    stage.expect_that(stage.traces[key].acknowledged, "not acknowledged within Alipay's deliveries")
    passing = plan.second is None and plan.first.attempts in PASSING and plan.first != ANSWER_LOST
    stage.expect_that(not passing or delivery == 0, "botocore did not make good for a passing fault")
    stage.check(key)
    world.now = start + DELIVERIES_S[-1]
    return not any(due.values())
