"""Sending again what was published: marked, counted first, at a pace, and resumable."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alipay_gateway.records import Records
from alipay_gateway.replay import Order, Progress, Replay
from alipay_gateway.topics import Topics
from local.alipay import SimulatedAlipay
from local.messages import ORDER_SETTLE, SHOP_REJECTED
from tests.support.world import APP, PREFIX, STORES, TABLE, World, aws

NOON = 1_700_049_600  # 2023-11-15T12:00:00Z
DAY = {"from": "2023-11-15T00:00:00Z", "to": "2023-11-16T00:00:00Z"}


class Clock:
    """Time passes only by sleeping, and by a tenth of a second for each message."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def replay(world: World, event: dict[str, Any], *, clock: Clock | None = None, cursor: Any = None) -> Progress:
    clock = clock or Clock()
    topics = Topics(aws("sns"), PREFIX, STORES.msg_methods, STORES.unrouted_topic_arn)
    records = Records(aws("dynamodb"), TABLE, lambda: world.now)
    return Replay(records, topics, clock, clock.sleep).run(Order.parse(event), "replay-1", cursor)


@pytest.fixture
def history(world: World) -> World:
    """Three settlements and a shop at noon, one settlement the day before, all read by their subscribers."""
    world.now = NOON - 86_400
    world.deliver(world.notification(notify_id="before"))
    world.now = NOON
    for number in range(3):
        world.deliver(world.notification(notify_id=f"n-{number}"))
    world.deliver(world.notification(**vars(SHOP_REJECTED), notify_id="shop"))
    world.published()
    world.published(SHOP_REJECTED.msg_method)
    return world


def ids(world: World) -> list[str]:
    return sorted(event["id"] for event in world.events())


def test_one_notification_is_sent_again_to_the_letter_and_marked(history: World) -> None:
    assert replay(history, {"notify_id": "n-1"}).published == 1

    (message,) = history.published()
    assert message["Body"].endswith(f'"data":{ORDER_SETTLE.biz_content}}}')
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {
        "notify_id": "n-1",
        "app_id": APP,
        "msg_method": ORDER_SETTLE.msg_method,
        "version": "1.1",
        "schema": "valid",
        "replay": "replay-1",
    }


def test_a_broadcast_is_sent_again_for_every_app(history: World) -> None:
    other = SimulatedAlipay.generate()
    history.put_keyring({APP: history.alipay.keyring_entry(), "2": other.keyring_entry()})
    history.new_process()
    history.deliver(other.notification(app_id="2", **vars(ORDER_SETTLE), notify_id="n-1", utc_timestamp=NOON * 1000))
    history.published()

    assert replay(history, {"notify_id": "n-1"}).published == 2
    assert {event["appid"] for event in history.events()} == {APP, "2"}


def test_a_msg_methods_window_is_sent_again(history: World) -> None:
    progress = replay(history, {"msg_method": ORDER_SETTLE.msg_method, **DAY})

    assert (progress.matched, progress.published, progress.cursor) == (3, 3, None)
    assert ids(history) == ["n-0", "n-1", "n-2"]
    assert not history.events(SHOP_REJECTED.msg_method)


@pytest.mark.parametrize(
    ("start", "end", "matched"),
    [
        pytest.param("2023-11-15T12:00:00Z", "2023-11-15T12:00:01Z", 3, id="from is within"),
        pytest.param("2023-11-15T11:00:00Z", "2023-11-15T12:00:00Z", 0, id="to is not"),
        pytest.param("2023-11-15T20:00:00+08:00", "2023-11-15T20:00:01+08:00", 3, id="Beijing time"),
    ],
)
def test_a_window_is_from_one_time_to_before_another(history: World, start: str, end: str, matched: int) -> None:
    window = {"from": start, "to": end}

    assert replay(history, {"msg_method": ORDER_SETTLE.msg_method, "dry_run": True, **window}).matched == matched


def test_a_dry_run_counts_and_sends_nothing(history: World) -> None:
    progress = replay(history, {"msg_method": ORDER_SETTLE.msg_method, "dry_run": True, **DAY})

    assert (progress.scanned, progress.matched, progress.published) == (5, 3, 0)
    assert not history.events()


def test_what_was_never_published_is_not_sent(history: World) -> None:
    with history.failing("sns.Publish"):
        history.deliver(history.notification(notify_id="unpublished"))

    assert replay(history, {"notify_id": "unpublished"}).matched == 0


def test_it_keeps_to_its_rate(history: World) -> None:
    clock = Clock()
    replay(history, {"msg_method": ORDER_SETTLE.msg_method, "rate": 4, **DAY}, clock=clock)

    assert clock.slept == pytest.approx(2 / 4)


def test_a_call_that_ran_out_of_time_is_resumed_where_it_ended(history: World) -> None:
    order = {"msg_method": ORDER_SETTLE.msg_method, "rate": 0.1, "seconds": 5, **DAY}
    published, cursor, calls = 0, None, 0
    while calls == 0 or cursor:
        progress = replay(history, order, cursor=cursor)
        published, cursor, calls = published + progress.published, progress.cursor, calls + 1

    assert calls > 1
    assert published == 3
    assert ids(history) == ["n-0", "n-1", "n-2"]


def test_a_call_that_sns_refused_is_resumed_where_it_ended(history: World) -> None:
    sent: list[str] = []
    original = aws("sns").publish

    class Refusing:
        def publish(self, **arguments: Any) -> Any:
            if len(sent) == 1:
                sent.append("refused")
                raise aws("sns").exceptions.InternalErrorException({"Error": {"Code": "InternalError"}}, "Publish")
            sent.append(arguments["MessageAttributes"]["notify_id"]["StringValue"])
            return original(**arguments)

    records = Records(aws("dynamodb"), TABLE, lambda: history.now)
    topics = Topics(Refusing(), PREFIX, STORES.msg_methods, STORES.unrouted_topic_arn)  # type: ignore[arg-type]
    clock = Clock()
    run = Replay(records, topics, clock, clock.sleep).run
    order = Order.parse({"msg_method": ORDER_SETTLE.msg_method, **DAY})

    first = run(order, "replay-1", None)
    assert (first.published, first.failed) == (1, "SNS did not take the message (InternalError)")
    second = run(order, "replay-1", first.cursor)
    assert (second.published, second.cursor) == (2, None)
    assert ids(history) == ["n-0", "n-1", "n-2"]


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        pytest.param({}, "one of notify_id and msg_method", id="nothing"),
        pytest.param({"notify_id": "n", "msg_method": "m", **DAY}, "one of", id="both"),
        pytest.param({"msg_method": "m"}, "from must be a time", id="no window"),
        pytest.param({"msg_method": "m", "from": "2023-11-15T00:00:00", "to": DAY["to"]}, "offset", id="no offset"),
        pytest.param({"notify_id": "n", "rate": 0}, "rate", id="no rate"),
        pytest.param({"notify_id": "n", "rate": -1}, "rate", id="a negative rate"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_plain_words(event: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Order.parse(event)


def test_times_are_epoch_milliseconds() -> None:
    order = Order.parse({"msg_method": "m", **DAY})

    assert order.from_ms == datetime(2023, 11, 15, tzinfo=UTC).timestamp() * 1000
