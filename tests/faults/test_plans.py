"""Every AWS call failing, lost, late, or the last thing that the process did: alone and in pairs, for a whole life.

`LONG=1` runs all the plans; otherwise all single faults, and a fixed share of the pairs.
"""

import os
from collections.abc import Iterator
from random import Random

import pytest

from alipay_gateway.app import Handler
from tests.faults.plans import CLOCKS_S, SINGLES, Plan, live, plans
from tests.faults.stage import Stage

LONG = bool(os.environ.get("LONG"))
CHUNK = 200 if LONG else 50

PLANS = list(plans())
SINGLE_PLANS = [plan for plan in PLANS if not plan.second]
PAIRS = [plan for plan in PLANS if plan.second]


def a_share(pairs: list[Plan]) -> Iterator[Plan]:
    """In a fixed shuffled order, the pairs that show something for the first time."""
    seen: set[object] = set()
    for plan in Random(1).sample(pairs, len(pairs)):  # noqa: S311  no secret
        assert plan.second
        shows = {("first", plan.first, plan.later, plan.second.call), ("second", plan.second, plan.later)}
        if not shows <= seen:
            seen |= shows
            yield plan


CHOSEN = PLANS if LONG else [*SINGLE_PLANS, *a_share(PAIRS)]
CHUNKS = {f"{start}-": CHOSEN[start : start + CHUNK] for start in range(0, len(CHOSEN), CHUNK)}


def test_the_plans_are_every_fault_and_every_pair_of_faults_that_one_life_can_meet() -> None:
    print(f"{len(PLANS)} plans, {len(SINGLE_PLANS)} with one fault; to be run: {len(CHOSEN)}")  # noqa: T201
    assert (len(SINGLES), len(SINGLE_PLANS), len(PAIRS)) == (61, 244, 10_054)
    assert len(set(PLANS)) == len(PLANS)


@pytest.mark.parametrize("place", ["first", "second"])
def test_the_plans_chosen_leave_out_no_fault_and_no_clock(place: str) -> None:
    def faults(of: list[Plan]) -> set[object]:
        return {getattr(plan, place) for plan in of if plan.second}

    assert faults(CHOSEN) == faults(PAIRS)
    assert {plan.clock for plan in CHOSEN if plan.second} == CLOCKS_S.keys()


@pytest.fixture(scope="module")
def other(stage: Stage) -> Handler:
    """Another instance, whose clock is half a minute ahead."""
    return stage.process(skew_s=30)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_every_notification_is_acknowledged_and_published_and_more_than_once_only_where_it_must_be(
    stage: Stage, other: Handler, chunk: str
) -> None:
    number = int(chunk.removesuffix("-"))
    idle = [str(plan) for index, plan in enumerate(CHUNKS[chunk]) if not live(stage, plan, other, number + index)]

    assert not idle
    assert stage.world.waiting() == stage.totals["publishes"]
