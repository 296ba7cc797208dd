"""The way back for what got stuck: claims that no delivery completed are published from the ledger's own copy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from alipay_gateway.redrive import Summary, build
from local.messages import ORDER_SETTLE
from tests.support.lambda_context import LambdaContext
from tests.support.world import STORES, World, new_session

MINUTE = 60


class ProcessDied(BaseException):
    """Lambda has killed the process."""


def redrive(world: World, remaining_ms: int = 300_000) -> Summary:
    context = LambdaContext(remaining_ms)
    return build(STORES, new_session(), lambda: world.now).run(
        context.aws_request_id, context.get_remaining_time_in_millis
    )


@contextmanager
def dying(world: World, event: str, *, last: bool = False) -> Iterator[None]:
    def die(**_: Any) -> None:
        raise ProcessDied

    with world.hooked(event, die, last=last), pytest.raises(ProcessDied):
        yield


def stuck(world: World, **options: Any) -> Any:
    """A notification whose only delivery died between its claim and its publish."""
    notification = world.notification(**options)
    with dying(world, "before-send.sns.Publish"):
        world.deliver(notification)
    return notification


def test_a_claim_that_nobody_completed_is_published_to_the_letter(world: World) -> None:
    notification = stuck(world, charset="GBK", extra={"msg_uid": "2088102165945162"})
    world.now += 32 * MINUTE

    assert redrive(world) == Summary(found=1, published=1)

    (message,) = world.published()
    assert message["Body"].endswith(f'"data":{ORDER_SETTLE.biz_content}}}')
    assert message["MessageAttributes"]["msg_uid"]["StringValue"] == "2088102165945162"
    assert world.record(notification)["status"] == "PUBLISHED"
    assert world.deliver(notification) == (200, "success")
    assert not world.events()


def test_alipays_own_retries_go_first(world: World) -> None:
    stuck(world)
    world.now += 29 * MINUTE

    assert redrive(world) == Summary()


def test_a_claim_that_was_released_is_redriven_too(world: World) -> None:
    with world.failing("sns.Publish"):
        world.deliver(world.notification())
    world.now += 31 * MINUTE

    assert redrive(world) == Summary(found=1, published=1)
    assert len(world.events()) == 1


def test_nothing_is_found_while_all_is_well(world: World) -> None:
    for _ in range(3):
        world.deliver(world.notification())
    world.now += 86_400

    assert redrive(world) == Summary()


def test_a_second_run_finds_nothing_more(world: World) -> None:
    stuck(world)
    world.now += 32 * MINUTE
    redrive(world)
    world.now += 32 * MINUTE

    assert redrive(world) == Summary()
    assert len(world.events()) == 1


def test_a_delivery_that_comes_during_the_redrive_is_in_flight(world: World) -> None:
    notification = stuck(world)
    world.now += 32 * MINUTE
    answers: list[tuple[int, str]] = []

    def deliver(**_: Any) -> None:
        answers.append(world.deliver(notification))

    with world.hooked("before-call.sns.Publish", deliver):
        assert redrive(world) == Summary(found=1, published=1)

    assert answers == [(409, "fail")]
    assert len(world.events()) == 1


def test_a_claim_that_a_delivery_has_taken_over_is_left_to_it(world: World) -> None:
    notification = stuck(world)
    world.now += 32 * MINUTE
    taken: list[Summary] = []

    def race(**_: Any) -> None:
        taken.append(redrive(world))

    # The index still shows the old lease: so it is in DynamoDB, where indexes follow with a delay.
    with world.hooked("before-call.sns.Publish", race):
        assert world.deliver(notification) == (200, "success")

    assert taken[0].published == 0
    assert len(world.events()) == 1


def test_a_redrive_that_dies_is_made_good_by_the_next(world: World) -> None:
    stuck(world)
    world.now += 32 * MINUTE
    with dying(world, "before-send.sns.Publish"):
        redrive(world)
    world.now += 32 * MINUTE

    assert redrive(world) == Summary(found=1, published=1)
    assert len(world.events()) == 1


def test_a_message_that_fails_again_waits_and_does_not_hold_up_the_others(world: World) -> None:
    for number in range(30):
        stuck(world, notify_id=f"n-{number}")
    world.now += 32 * MINUTE
    with world.failing("sns.Publish", times=4):  # two attempts each
        summary = redrive(world)
    assert summary == Summary(found=30, published=28, failed=2)
    assert redrive(world) == Summary()

    world.now += 32 * MINUTE
    redrive(world)
    assert len({event["id"] for event in world.events()}) == 30


def test_a_run_ends_in_time(world: World) -> None:
    stuck(world)
    world.now += 32 * MINUTE

    assert redrive(world, remaining_ms=29_000) == Summary()
    assert not world.events()


def test_a_msg_method_that_got_a_topic_since_goes_there(world: World) -> None:
    stuck(world, msg_method="alipay.some.new.notify")
    world.now += 32 * MINUTE

    redrive(world)
    assert len(world.events("unrouted")) == 1


def test_each_redriven_notification_leaves_a_line_and_the_run_a_count(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.now = 1_700_000_000
    notification = stuck(world)
    world.now += 10 * 3600
    capsys.readouterr()
    redrive(world)

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in printed if line.get("outcome") == "redriven"]
    assert line["notify_id"] == notification.parameters["notify_id"]
    assert (line["attempt"], line["waited_ms"]) == (2, 36_000_000)
    assert [metrics["OpenClaims"] for metrics in printed if "OpenClaims" in metrics] == [1]
