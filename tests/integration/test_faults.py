"""Crashes between steps, slow and failing AWS: `success` only after a publish, and nothing genuine lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.world import World

SUCCESS = (200, "success")
LEASE_S = 60


class ProcessDied(BaseException):
    """Lambda has killed the process: no line of the function's runs any more."""


@contextmanager
def dying(world: World, operation: str, *, after: bool, nth: int = 1) -> Iterator[None]:
    """The process dies when it makes the nth such call: before its effect, or `after` it."""
    left = [nth]

    def die(**_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise ProcessDied

    with world.hooked(f"before-send.{operation}", die, last=after), pytest.raises(ProcessDied):
        yield
    world.new_process()


CRASHES = [
    pytest.param("dynamodb.UpdateItem", False, 1, 1, id="before the claim"),
    pytest.param("dynamodb.UpdateItem", True, 1, 1, id="after the claim"),
    pytest.param("sns.Publish", False, 1, 1, id="before the publish"),
    pytest.param("sns.Publish", True, 1, 2, id="after the publish"),
    pytest.param("dynamodb.UpdateItem", False, 2, 2, id="before the record"),
    pytest.param("dynamodb.UpdateItem", True, 2, 1, id="after the record"),
]


@pytest.mark.parametrize(("operation", "after", "nth", "published"), CRASHES)
def test_whatever_dies_where_the_next_delivery_publishes(
    world: World, operation: str, nth: int, published: int, *, after: bool
) -> None:
    notification = world.notification()
    with dying(world, operation, after=after, nth=nth):
        world.deliver(notification)

    world.now += 120  # Alipay's first retry
    assert world.deliver(notification) == SUCCESS
    assert world.deliver(notification) == SUCCESS

    assert len(world.events()) == published
    assert world.record(notification)["status"] == "PUBLISHED"


def test_a_claim_whose_holder_died_is_respected_until_its_lease_ends(world: World) -> None:
    notification = world.notification()
    with dying(world, "sns.Publish", after=False):
        world.deliver(notification)

    world.now += LEASE_S - 1
    assert world.deliver(notification) == (409, "fail")
    world.now += 1
    assert world.deliver(notification) == SUCCESS
    assert world.record(notification)["attempts"] == 2


def test_the_lease_ends_before_alipays_first_retry_and_after_the_functions_time_out(world: World) -> None:
    notification = world.notification()
    with dying(world, "sns.Publish", after=False):
        world.deliver(notification)

    lease_s = world.record(notification)["lease_until"] / 1000 - world.now
    assert 25 < lease_s < 120


@pytest.mark.parametrize("answered", [False, True], ids=["never sent", "answer lost"])
def test_success_is_answered_when_only_the_record_of_the_publish_fails(world: World, *, answered: bool) -> None:
    notification = world.notification()

    def fail_the_record(**_: Any) -> None:
        world.stack.enter_context(world.failing("dynamodb.UpdateItem", after=answered))

    with world.stack, world.hooked("before-call.sns.Publish", fail_the_record):
        assert world.deliver(notification) == SUCCESS

    assert len(world.events()) == 1


@pytest.mark.parametrize("after", [False, True], ids=["never sent", "answer lost"])
def test_one_lost_call_is_made_again_within_the_delivery(world: World, *, after: bool) -> None:
    for operation in ("dynamodb.UpdateItem", "sns.Publish"):
        notification = world.notification()
        with world.failing(operation, after=after, times=1):
            assert world.deliver(notification) == SUCCESS
        assert world.record(notification)["attempts"] == 1


def test_a_claim_whose_answers_were_all_lost_is_taken_over_by_the_first_retry(world: World) -> None:
    notification = world.notification()
    with world.failing("dynamodb.UpdateItem", after=True):
        assert world.deliver(notification) == (503, "fail")

    world.now += 120
    assert world.deliver(notification) == SUCCESS
    assert len(world.events()) == 1


def test_a_publish_whose_answers_were_lost_is_not_acknowledged_but_published_again(world: World) -> None:
    notification = world.notification()
    with world.failing("sns.Publish", after=True):
        assert world.deliver(notification) == (503, "fail")
    world.published()

    assert world.deliver(notification) == SUCCESS
    assert len(world.events()) == 1


def test_a_claim_that_cannot_be_released_ends_by_itself(world: World) -> None:
    notification = world.notification()

    def fail_the_release(**_: Any) -> None:
        world.stack.enter_context(world.failing("dynamodb.UpdateItem"))

    with world.stack, world.hooked("before-call.sns.Publish", fail_the_release), world.failing("sns.Publish"):
        assert world.deliver(notification) == (503, "fail")

    assert world.deliver(notification) == (409, "fail")
    world.now += LEASE_S
    assert world.deliver(notification) == SUCCESS
