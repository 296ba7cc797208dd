"""The consumers' event: nothing of what the gateway published is lost, within bounds."""

import base64
import gzip
import json
import tracemalloc
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_events import Event, NotAnEvent, read_event
from alipay_gateway.cloudevent import to_message
from alipay_gateway.notification import Notification
from alipay_gateway.text import to_json

NOTIFICATION = Notification(
    notify_id="2018012400224134022000000000001",
    app_id="2014060600164699",
    msg_method="alipay.trade.order.settle.notify",
    version="1.1",
    sent_at=datetime(2018, 1, 24, 12, 40, 22, 752_000, UTC),
    data='{"amount":10.00}',
    data_is_json=True,
)


def event_of(**changed: Any) -> Event:
    return read_event(to_message(replace(NOTIFICATION, **changed)).event)


def with_members(**members: Any) -> str:
    """The text of an event in which `data` is replaced."""
    event = json.loads(to_message(NOTIFICATION).event)
    del event["data"]
    return json.dumps(event | members)


def zipped(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content)).decode()


# ---- attributes


def test_an_event_is_what_was_published() -> None:
    assert event_of() == Event(
        id="2018012400224134022000000000001",
        source="urn:alipay:app:2014060600164699",
        type="alipay.trade.order.settle.notify",
        time=datetime(2018, 1, 24, 12, 40, 22, 752_000, UTC),
        app_id="2014060600164699",
        msgversion="1.1",
        schema="unknown",
        datacontenttype="application/json",
        data={"amount": Decimal("10.00")},
    )


def test_optional_parameters_are_attributes() -> None:
    event = event_of(msg_type="usr", msg_uid="u", msg_app_id="a", auth_app_id="b", notify_type="c")
    found = (event.msgtype, event.msguid, event.msgappid, event.authappid, event.notifytype)
    assert found == ("usr", "u", "a", "b", "c")


def test_what_the_gateway_found_about_the_schema_is_an_attribute() -> None:
    event = read_event(with_members(data={}, schema="valid", dataschema="urn:alipay:schema:m:1"))
    assert (event.schema, event.dataschema) == ("valid", "urn:alipay:schema:m:1")


def test_an_attribute_that_nobody_knows_is_ignored() -> None:
    assert read_event(with_members(data={"amount": 1}, traceparent={"x": 1})).data == {"amount": 1}


def test_the_key_is_the_same_for_every_delivery_and_another_for_every_app() -> None:
    again = event_of(sent_at=NOTIFICATION.sent_at + timedelta(minutes=2))
    assert again.key == event_of().key == ("urn:alipay:app:2014060600164699", "2018012400224134022000000000001")
    assert event_of(app_id="2").key != event_of().key


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        event_of().id = "x"  # type: ignore[misc]


def test_the_repr_of_an_event_holds_no_data() -> None:
    assert "SECRET" not in repr(event_of(data='{"reason":"SECRET"}'))


@pytest.mark.parametrize(
    "time", ["2018-01-24T12:40:22.752Z", "2018-01-24T20:40:22.752+08:00", "2018-01-24T12:40:22.752000Z"]
)
def test_time_is_utc(time: str) -> None:
    event = read_event(with_members(data={}, time=time))
    assert event.time == NOTIFICATION.sent_at
    assert event.time.tzinfo is UTC


# ---- data


@pytest.mark.parametrize(
    "written", ["10.00", "0.50", "-0.0", "1E2", "1e-7", "0.1000000000000000055511151231257827", "1E400"]
)
def test_a_number_that_is_no_integer_is_a_decimal_as_it_was_written(written: str) -> None:
    amount = event_of(data=f'{{"amount":{written}}}').data["amount"]
    assert type(amount) is Decimal
    assert amount.as_tuple() == Decimal(written).as_tuple()


@pytest.mark.parametrize("written", ["10", "-1", "0", "20210706002530020036530021395831"])
def test_an_integer_is_an_int(written: str) -> None:
    amount = event_of(data=f'{{"amount":{written}}}').data["amount"]
    assert type(amount) is int
    assert amount == int(written)


def test_plain_text_is_text() -> None:
    assert event_of(data=to_json("<a>中</a>"), data_is_json=False).data == "<a>中</a>"


def test_data_may_be_null() -> None:
    assert event_of(data="null").data is None


@pytest.mark.parametrize("is_json", [True, False])
def test_data_that_came_compressed_is_decompressed(*, is_json: bool) -> None:
    text = '{"amount":10.00,"t":"' + "分账" * 50_000 + '"}'
    event = event_of(data=text if is_json else to_json(text), data_is_json=is_json)
    assert event.datacontenttype == ("application/json+gzip" if is_json else "text/plain+gzip")
    assert event.data == ({"amount": Decimal("10.00"), "t": "分账" * 50_000} if is_json else text)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param({}, "neither data nor data_base64", id="no data"),
        pytest.param({"data": 1, "datacontenttype": "text/plain"}, "not a string", id="plain text that is a number"),
        pytest.param({"data_base64": "SECRET!"}, "not base64", id="no base64"),
        pytest.param({"data_base64": 1}, "not base64", id="a number for base64"),
        pytest.param({"data_base64": "中"}, "not base64", id="Chinese for base64"),
        pytest.param({"data_base64": "U0VDUkVU", "datacontenttype": "application/json+gzip"}, "not gzip", id="no gzip"),
        pytest.param({"data_base64": "", "datacontenttype": "text/plain+gzip"}, "not one whole", id="an empty stream"),
        pytest.param({"data_base64": "U0VDUkVU"}, "not JSON", id="base64 of no JSON"),
        pytest.param(
            {"data_base64": zipped(b"\xff"), "datacontenttype": "text/plain+gzip"}, "not UTF-8", id="gzip of no text"
        ),
        pytest.param(
            {"data_base64": zipped(b"{"), "datacontenttype": "application/json+gzip"}, "not JSON", id="gzip of no JSON"
        ),
        pytest.param(
            {"data_base64": zipped(b"{}" * 99)[:28], "datacontenttype": "text/plain+gzip"}, "not one whole", id="half"
        ),
        pytest.param(
            {
                "data_base64": base64.b64encode(gzip.compress(b"{}") * 2).decode(),
                "datacontenttype": "application/json+gzip",
            },
            "not one whole",
            id="two streams",
        ),
    ],
)
def test_data_that_cannot_be_read_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAnEvent, match=reason) as raised:
        read_event(with_members(**members))
    assert "SECRET" not in str(raised.value)


def test_a_bomb_is_refused_before_it_has_grown() -> None:
    bomb = with_members(data_base64=zipped(b" " * 200_000_000), datacontenttype="application/json+gzip")
    tracemalloc.start()
    try:
        with pytest.raises(NotAnEvent, match="more than 16777216 bytes"):
            read_event(bomb)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("room", [0, 1])
def test_the_bound_is_the_callers(room: int) -> None:
    text = with_members(data_base64=zipped(b'"' + b"x" * 98 + b'"'), datacontenttype="application/json+gzip")
    assert read_event(text, max_bytes=100 + room).data == "x" * 98
    with pytest.raises(NotAnEvent, match="more than 99 bytes"):
        read_event(text, max_bytes=99)


# ---- round trip

texts = st.text(st.characters(codec="utf-8"))
needed = texts.filter(bool)
OPTIONAL = "version msg_type msg_uid msg_app_id auth_app_id notify_type".split()
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.integers()
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def written(value: object) -> str:
    """JSON, with decimals as decimals."""
    match value:
        case Decimal():
            return str(value)
        case dict():
            return "{" + ",".join(f"{to_json(name)}:{written(member)}" for name, member in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(
    data=values,
    notify_id=needed,
    app_id=needed,
    msg_method=needed,
    sent_at=st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001  the strategy adds it
    optional=st.fixed_dictionaries(dict.fromkeys(OPTIONAL, texts)),
)
def test_what_the_gateway_publishes_is_what_a_consumer_reads(
    data: object, notify_id: str, app_id: str, msg_method: str, sent_at: datetime, optional: dict[str, str]
) -> None:
    sent_at = sent_at.replace(microsecond=sent_at.microsecond // 1000 * 1000)
    message = to_message(
        Notification(
            notify_id=notify_id,
            app_id=app_id,
            msg_method=msg_method,
            sent_at=sent_at,
            data=written(data),
            data_is_json=True,
            **optional,
        )
    )
    event = read_event(message.event)
    assert written(event.data) == written(data)
    assert (event.id, event.app_id, event.type, event.time) == (notify_id, app_id, msg_method, sent_at)
    attributes = (event.msgversion, event.msgtype, event.msguid, event.msgappid, event.authappid, event.notifytype)
    assert attributes == tuple(optional[name] or None for name in OPTIONAL)


@given(text=texts)
def test_any_text_is_what_a_consumer_reads(text: str) -> None:
    assert event_of(data=to_json(text), data_is_json=False).data == text
