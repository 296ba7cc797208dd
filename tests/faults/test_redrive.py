"""Deliveries that never come back: the redrive publishes what they claimed, whatever meets it on its own way."""

import os
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

from tests.faults.mishaps import Key, Mishap
from tests.faults.plans import ALL, DIES_AFTER, DIES_BEFORE, LOST, REFUSED, SINGLES, SLOW, Fault
from tests.faults.stage import Cue, Stage

LONG = bool(os.environ.get("LONG"))
HALF_AN_HOUR_AND_MORE_S = 32 * 60
RUNS = 4
"""More than two faults can spoil."""
SOME = [(LOST,), (REFUSED, REFUSED), (LOST, LOST), (DIES_BEFORE,), (DIES_AFTER,), (SLOW,)]
CALLS = ("search", "claim", "publish", "complete", "release")
FAULTS = [Fault(call, attempts) for call, attempts in product(CALLS, ALL if LONG else SOME)]
CUES: list[Cue] = [(call, when) for call in ("claim", "publish", "complete") for when in ("before", "after")]


def mishaps(*faults: Fault) -> dict[str, list[Mishap]]:
    return {fault.call: list(fault.attempts) for fault in faults}


@pytest.fixture
def deliver(stage: Stage) -> Callable[..., Key]:
    """Delivers a new notification once, to a new instance, under a fault, half an hour before the redrive comes."""

    def deliver(*faults: Fault) -> Key:
        stage.log = [f"delivery: {' and '.join(map(str, faults))}"]
        notification = stage.world.notification(notify_id=f"n-{len(stage.traces)}")
        key = stage.expect(notification)
        stage.deliver(stage.process(), notification, mishaps=mishaps(*faults))
        stage.world.now += HALF_AN_HOUR_AND_MORE_S
        return key

    return deliver


def redrive_until_nothing_is_open(stage: Stage) -> None:
    for _ in range(RUNS):
        summary = stage.redrive()
        if summary and not summary.found:
            return
        stage.world.now += HALF_AN_HOUR_AND_MORE_S
    pytest.fail("\n".join(["Claims stay open", *stage.log]))


@pytest.mark.parametrize("fault", SINGLES, ids=str)
def test_what_one_delivery_claimed_is_published_even_if_alipay_never_comes_back(
    stage: Stage, deliver: Callable[..., Key], fault: Fault
) -> None:
    key = deliver(fault)
    trace = stage.traces[key]
    claimed = stage.world.record_of(key).get("event")

    redrive_until_nothing_is_open(stage)

    stage.check(key)
    assert set(trace.events) == ({claimed} if claimed else set())
    assert stage.world.record_of(key).get("status") == ("PUBLISHED" if claimed else None)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_redrive_under_a_fault_publishes_in_one_of_its_next_runs(
    stage: Stage, deliver: Callable[..., Key], fault: Fault
) -> None:
    key = deliver(Fault("publish", (DIES_BEFORE,)))
    failing_publish = [Fault("publish", (REFUSED, REFUSED))] if fault.call == "release" else []

    due = mishaps(fault, *failing_publish)
    stage.redrive(mishaps=due)
    assert not any(due.values())
    stage.world.now += HALF_AN_HOUR_AND_MORE_S
    redrive_until_nothing_is_open(stage)

    stage.check(key)
    assert len(stage.traces[key].events) >= 1


@pytest.mark.parametrize("redrive_dies", [None, DIES_BEFORE, DIES_AFTER])
@pytest.mark.parametrize("cue", [("search", "after"), *CUES], ids=" ".join)
def test_a_delivery_in_the_middle_of_a_redrive_and_the_redrive_do_not_both_publish(
    stage: Stage, deliver: Callable[..., Key], cue: Cue, redrive_dies: Mishap | None
) -> None:
    key = deliver(Fault("publish", (DIES_BEFORE,)))
    again = stage.world.notification(notify_id=key[0])
    other = stage.process(skew_s=30)
    due = {cue[0]: [redrive_dies]} if redrive_dies else {}

    stage.redrive(mishaps=due, meanwhile={cue: lambda: stage.deliver(other, again)})
    stage.world.now += HALF_AN_HOUR_AND_MORE_S
    redrive_until_nothing_is_open(stage)

    stage.check(key)
    assert stage.deliver(other, again) == "success"


@pytest.mark.parametrize("delivery_dies", [None, DIES_BEFORE, DIES_AFTER])
@pytest.mark.parametrize("cue", CUES, ids=" ".join)
def test_a_redrive_in_the_middle_of_a_delivery_and_the_delivery_do_not_both_publish(
    stage: Stage, deliver: Callable[..., Key], cue: Cue, delivery_dies: Mishap | None
) -> None:
    key = deliver(Fault("publish", (DIES_BEFORE,)))
    again = stage.world.notification(notify_id=key[0])
    due = {cue[0]: [delivery_dies]} if delivery_dies else {}

    stage.deliver(stage.process(), again, mishaps=due, meanwhile={cue: lambda: stage.redrive(skew_s=30)})
    stage.world.now += HALF_AN_HOUR_AND_MORE_S
    redrive_until_nothing_is_open(stage)

    stage.check(key)
    assert stage.deliver(stage.process(), again) == "success"


def test_a_redrive_that_reads_an_old_index_leaves_a_delivery_in_flight_alone(
    stage: Stage, deliver: Callable[..., Key]
) -> None:
    """DynamoDB's index follows with a delay: in it the claim still looks abandoned."""
    key = deliver(Fault("publish", (DIES_BEFORE,)))
    again = stage.world.notification(notify_id=key[0])
    seen: dict[bytes, AWSResponse] = {}

    def remember(request: Any, answer: AWSResponse, **_: Any) -> None:
        seen[request.body] = answer

    def show_again(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, HTTPHeaders(), MockRawResponse(seen[request.body].content))

    with stage.world.hooked("before-send.dynamodb.Query", remember, last=True):
        assert stage.redrive(mishaps={"claim": [Mishap.DENIED]})
    with stage.world.hooked("before-send.dynamodb.Query", show_again):
        word = stage.deliver(stage.process(), again, meanwhile={("publish", "before"): stage.redrive})

    stage.check(key)
    assert word == "success"
    assert len(stage.traces[key].events) == 1
