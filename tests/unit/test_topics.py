"""Which topic a notification goes to, what subscribers can filter on, and what is too large."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from alipay_gateway.errors import MessageTooLarge
from alipay_gateway.notification import Notification
from alipay_gateway.topics import Topics, check_size, message_attributes

PREFIX = "arn:aws:sns:us-east-1:123456789012:gateway-"
NOTIFICATION = Notification(
    notify_id="n1",
    app_id="app",
    msg_method="alipay.trade.order.settle.notify",
    version="1.1",
    sent_at=datetime(2018, 1, 24, tzinfo=UTC),
    data="{}",
    data_is_json=True,
)
ATTRIBUTES = {"notify_id": "n1", "app_id": "app", "msg_method": "alipay.trade.order.settle.notify", "version": "1.1"}


def with_(**changed: Any) -> Notification:
    return replace(NOTIFICATION, **changed)


# ---- routing


@pytest.fixture(scope="module")
def topics() -> Topics:
    client: Any = None
    methods = frozenset({"alipay.trade.order.settle.notify", "trade_status_sync"})
    return Topics(client, PREFIX, methods, f"{PREFIX}unrouted")


@pytest.mark.parametrize(
    ("msg_method", "topic"),
    [
        pytest.param("alipay.trade.order.settle.notify", "alipay-trade-order-settle-notify", id="one of ours"),
        pytest.param("trade_status_sync", "trade_status_sync", id="without dots"),
        pytest.param("alipay.trade.order.settle.notified", "unrouted", id="unknown"),
        pytest.param("alipay.trade.order.settle", "unrouted", id="the start of one of ours"),
        pytest.param("alipay-trade-order-settle-notify", "unrouted", id="spelt as its topic"),
        pytest.param("Alipay.Trade.Order.Settle.Notify", "unrouted", id="in capitals"),
        pytest.param("unrouted", "unrouted", id="the name of the catch-all"),
        pytest.param("中文", "unrouted", id="not a topic's name at all"),
    ],
)
def test_a_msg_method_goes_to_its_topic_and_an_unknown_one_to_the_catch_all(
    topics: Topics, msg_method: str, topic: str
) -> None:
    assert topics.route(msg_method) == PREFIX + topic


# ---- message attributes


def test_subscribers_can_filter_on_what_every_notification_has() -> None:
    assert message_attributes(NOTIFICATION) == ATTRIBUTES


@pytest.mark.parametrize("name", ["msg_type", "msg_uid", "msg_app_id"])
def test_subscribers_can_filter_on_what_was_sent_besides(name: str) -> None:
    assert message_attributes(with_(**{name: "x"})) == {**ATTRIBUTES, name: "x"}


@pytest.mark.parametrize("name", ["notify_type", "auth_app_id"])
def test_other_parameters_are_no_message_attributes(name: str) -> None:
    assert message_attributes(with_(**{name: "x"})) == ATTRIBUTES


def test_there_are_no_empty_values_and_never_more_than_raw_delivery_carries() -> None:
    everything = dict.fromkeys(["msg_type", "msg_uid", "msg_app_id", "notify_type", "auth_app_id"], "x")
    attributes = message_attributes(with_(**everything, version=""))
    assert "version" not in attributes
    assert len(attributes | ATTRIBUTES) <= 10


# ---- size

# Name, type and value of each attribute count beside the message.
ATTRIBUTE_BYTES = sum(len(name) + len("String") + len(value) for name, value in ATTRIBUTES.items())
LARGEST = 262_144 - ATTRIBUTE_BYTES


@pytest.mark.parametrize(
    "event",
    [
        pytest.param("x" * LARGEST, id="ASCII"),
        pytest.param("中" * (LARGEST // 3) + "x" * (LARGEST % 3), id="Chinese"),
        pytest.param("𠮷" * (LARGEST // 4) + "x" * (LARGEST % 4), id="four bytes each"),
    ],
)
def test_the_largest_event_is_exactly_256_kib_with_its_attributes(event: str) -> None:
    check_size(NOTIFICATION, event)
    with pytest.raises(MessageTooLarge, match="has 262145 bytes"):
        check_size(NOTIFICATION, event + "x")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"notify_id": "n12"}, id="a longer value"),
        pytest.param({"msg_type": "x"}, id="one more attribute"),
        pytest.param({"app_id": "中pp"}, id="the same characters, more bytes"),
    ],
)
def test_attributes_count(changed: dict[str, Any]) -> None:
    with pytest.raises(MessageTooLarge):
        check_size(with_(**changed), "x" * LARGEST)
