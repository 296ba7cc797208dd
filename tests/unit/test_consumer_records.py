"""What consumers receive: every shape of a record gives the same event, and what is no event says so."""

import json
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_events import Event, NotAnEvent, events_of, read_event

EVENT = (
    '{"specversion":"1.0","id":"n1","source":"urn:alipay:app:2014060600164699","type":"m","time":"2021-07-30T04:00:05.000Z",'
    '"datacontenttype":"application/json","appid":"2014060600164699","msgversion":"1.1","data":{"amount":10.00,"t":"分账"}}'
)


def envelope(text: str, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    """What SNS wraps a message in."""
    return {
        "Type": "Notification",
        "MessageId": "5c5d52a6",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
        "Message": text,
        "Timestamp": "2021-07-30T04:00:05.123Z",
        "SignatureVersion": "1",
        "MessageAttributes": {"msg_method": {"Type": "String", "Value": "m"}, **(attributes or {})},
    }


REPLAY = {"replay": {"Type": "String", "Value": "r1"}}
LAMBDA_REPLAY = {"replay": {"dataType": "String", "stringValue": "r1", "stringListValues": [], "binaryListValues": []}}
BOTO3_REPLAY = {"replay": {"DataType": "String", "StringValue": "r1"}}


class Shape(Protocol):
    """From an event's text and whether it was sent again to a record."""

    def __call__(self, text: str, /, *, again: bool) -> Any: ...


SHAPES: dict[str, Shape] = {
    "a Lambda SQS record": lambda text, *, again: {
        "messageId": "m",
        "receiptHandle": "r",
        "body": text,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": LAMBDA_REPLAY if again else {},
        "eventSource": "aws:sqs",
    },
    "a Lambda SQS record with an envelope": lambda text, *, again: {
        "messageId": "m",
        "body": json.dumps(envelope(text, REPLAY if again else {}), indent=2),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    },
    "a boto3 SQS message": lambda text, *, again: {
        "MessageId": "m",
        "Body": text,
        **({"MessageAttributes": BOTO3_REPLAY} if again else {}),
    },
    "a boto3 SQS message with an envelope": lambda text, *, again: {
        "MessageId": "m",
        "Body": json.dumps(envelope(text, REPLAY if again else {})),
    },
    "a Lambda SNS record": lambda text, *, again: {
        "EventSource": "aws:sns",
        "Sns": envelope(text, REPLAY if again else {}),
    },
    "an envelope": lambda text, *, again: envelope(text, REPLAY if again else {}),
    "the text of an envelope": lambda text, *, again: json.dumps(envelope(text, REPLAY if again else {})),
    "the bytes of an HTTP delivery": lambda text, *, again: json.dumps(
        envelope(text, REPLAY if again else {})
    ).encode(),
}
TEXTS: dict[str, Callable[[str], Any]] = {"the event's text": str, "the event's bytes": str.encode}


@pytest.mark.parametrize("shape", [*SHAPES, *TEXTS])
def test_every_shape_gives_the_same_event(shape: str) -> None:
    record = SHAPES[shape](EVENT, again=False) if shape in SHAPES else TEXTS[shape](EVENT)
    assert read_event(record) == read_event(EVENT)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_tells_that_it_was_sent_again(shape: str) -> None:
    event = read_event(SHAPES[shape](EVENT, again=True))
    assert (event.replay, event.key) == ("r1", read_event(EVENT).key)


@pytest.mark.parametrize(
    "shape", ["a Lambda SQS record", "a Lambda SQS record with an envelope", "a Lambda SNS record"]
)
def test_an_invocation_gives_the_events_of_all_its_records(shape: str) -> None:
    texts = [EVENT, EVENT.replace("n1", "n2")]
    assert events_of({"Records": [SHAPES[shape](text, again=False) for text in texts]}) == [
        read_event(t) for t in texts
    ]


def test_an_invocation_without_records_has_no_events() -> None:
    assert events_of({"Records": []}) == []


@pytest.mark.parametrize(
    "invocation", [None, [], "text", {}, {"Records": None}, {"Records": {"body": EVENT}}], ids=repr
)
def test_what_is_no_invocation_of_sqs_or_sns_is_refused(invocation: object) -> None:
    with pytest.raises(NotAnEvent, match="has no Records"):
        events_of(invocation)


def test_one_record_that_is_no_event_refuses_the_invocation() -> None:
    with pytest.raises(NotAnEvent, match="not JSON"):
        events_of({"Records": [{"body": EVENT}, {"body": "SECRET"}]})


@pytest.mark.parametrize(
    "attributes",
    [None, [], "replay", {}, {"replay": None}, {"replay": {}}, {"replay": {"stringValue": 1}}, {"replay": "r1"}],
    ids=repr,
)
def test_odd_message_attributes_are_no_replay(attributes: object) -> None:
    assert read_event({"body": EVENT, "messageAttributes": attributes}).replay is None


HOSTILE = {
    "nothing": (None, "not NoneType"),
    "a number": (1, "not int"),
    "a list": ([EVENT], "not list"),
    "an unknown mapping": ({"SECRET": EVENT}, "none of SQS's or SNS's"),
    "a body that is no text": ({"body": {"SECRET": 1}}, "text is a dict"),
    "a body that is null": ({"Body": None}, "text is a NoneType"),
    "no JSON": ("<SECRET/>", "not JSON"),
    "empty": ("", "not JSON"),
    "half": (EVENT[:-1], "not JSON"),
    "NaN": (EVENT.replace("10.00", "NaN"), "not JSON"),
    "bytes that are no UTF-8": (EVENT.encode("gb18030"), "not UTF-8"),
    "JSON that is no object": ('["SECRET"]', "not an object"),
    "a string": ('"SECRET"', "not an object"),
    "an event that was parsed": (json.loads(EVENT), "parsed already"),
    "another CloudEvents version": (EVENT.replace("1.0", "0.3", 1), "no CloudEvent of version 1.0"),
    "an object that is no event": ('{"SECRET": 1}', "no CloudEvent of version 1.0"),
    "Sns without a message": ({"Sns": {"SECRET": 1}}, "none of SQS's or SNS's"),
    "Sns that is text": ({"Sns": EVENT}, "none of SQS's or SNS's"),
    "a subscription to confirm": (envelope(EVENT) | {"Type": "SubscriptionConfirmation"}, "not a notification"),
    "an envelope in an envelope": (envelope(json.dumps(envelope(EVENT))), "no CloudEvent of version 1.0"),
    "an envelope of a list": (envelope('["SECRET"]'), "not an object"),
    "an envelope of no text": (envelope(EVENT) | {"Message": ["SECRET"]}, "text is a list"),
    "deep nesting": ("[" * 200_000, "nested too deeply"),
    "deep nesting in data": (EVENT.replace("10.00", "[" * 200_000 + "]" * 200_000), "nested too deeply"),
    "too long an integer": (EVENT.replace("10.00", "9" * 5_000), "too long a number"),
    "too large an exponent": (EVENT.replace("10.00", "1E" + "9" * 30), "too long a number"),
}


@pytest.mark.parametrize(("record", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_event_says_why(record: object, reason: str) -> None:
    with pytest.raises(NotAnEvent, match=reason):
        read_event(record)


@pytest.mark.parametrize(("record", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_an_error_holds_nothing_of_the_record(record: object, reason: str) -> None:
    with pytest.raises(NotAnEvent) as raised:
        read_event(record)
    assert "SECRET" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize("name", ["id", "source", "type", "time", "appid"])
def test_an_attribute_that_every_event_has_is_needed(name: str) -> None:
    attributes = json.loads(EVENT)
    del attributes[name]
    with pytest.raises(NotAnEvent, match=f"has no {name}"):
        read_event(json.dumps(attributes))


@pytest.mark.parametrize("name", ["id", "time", "msgversion", "schema", "dataschema", "datacontenttype"])
@pytest.mark.parametrize("value", [1, True, [], {"SECRET": 1}], ids=repr)
def test_an_attribute_that_is_no_string_is_refused(name: str, value: object) -> None:
    with pytest.raises(NotAnEvent, match=f"{name} is not a string"):
        read_event(json.dumps(json.loads(EVENT) | {name: value}))


@pytest.mark.parametrize(
    "time", ["SECRET", "2021-07-30T04:00:05", "2021-07-30", "2021-13-30T04:00:05Z", "0001-01-01T00:00:00+23:59"]
)
def test_a_time_without_an_offset_or_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(NotAnEvent, match="RFC 3339"):
        read_event(json.dumps(json.loads(EVENT) | {"time": time}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from("body Body Sns Message Type MessageAttributes messageAttributes specversion data id".split())
records = st.recursive(
    json_values | st.binary(max_size=50) | st.sampled_from([EVENT, json.dumps(envelope(EVENT))]),
    lambda inner: st.dictionaries(names, inner, max_size=5),
    max_leaves=8,
)


@given(record=records)
def test_any_record_is_an_event_or_is_refused(record: object) -> None:
    try:
        event = read_event(record)
    except NotAnEvent:
        return
    assert isinstance(event, Event)


@given(attributes=st.dictionaries(st.sampled_from(list(json.loads(EVENT))), json_values), data=json_values)
def test_any_attributes_make_an_event_or_are_refused(attributes: dict[str, Any], data: object) -> None:
    try:
        event = read_event(json.dumps(json.loads(EVENT) | {"data": data} | attributes))
    except NotAnEvent:
        return
    assert isinstance(event, Event)
