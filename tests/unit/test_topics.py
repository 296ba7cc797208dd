"""Which topic a notification goes to."""

from typing import Any

import pytest

from alipay_gateway.topics import Topics

PREFIX = "arn:aws:sns:us-east-1:123456789012:gateway-"


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
