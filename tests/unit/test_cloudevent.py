"""The published message: its shape, and that nothing of what Alipay wrote is lost on the way from the wire."""

import base64
import gzip
import json
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alipay_gateway.catalogue import Conformity
from alipay_gateway.cloudevent import Message, stored_message, to_message
from alipay_gateway.errors import MalformedRequest, MessageTooLarge
from alipay_gateway.notification import Notification, read_notification
from alipay_gateway.request import read_request
from tests.support.wire import body_event, form

NOTIFICATION = Notification(
    notify_id="2018012400224134022000000000001",
    app_id="2014060600164699",
    msg_method="alipay.trade.order.settle.notify",
    version="1.1",
    sent_at=datetime(2018, 1, 24, 12, 40, 22, 752_000, UTC),
    data='{"amount":10.00}',
    data_is_json=True,
)
OPTIONAL = {
    "msg_type": "msgtype",
    "msg_uid": "msguid",
    "msg_app_id": "msgappid",
    "auth_app_id": "authappid",
    "notify_type": "notifytype",
}
ATTRIBUTES = {"notify_id": "id", "app_id": "appid", "msg_method": "type", "version": "msgversion", **OPTIONAL}


def text_of(**changed: Any) -> str:
    return to_message(replace(NOTIFICATION, **changed)).event


def event_of(**changed: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(text_of(**changed))
    return event


# ---- shape


def test_a_standard_notification_is_a_cloudevent() -> None:
    assert event_of() == {
        "specversion": "1.0",
        "id": "2018012400224134022000000000001",
        "source": "urn:alipay:app:2014060600164699",
        "type": "alipay.trade.order.settle.notify",
        "time": "2018-01-24T12:40:22.752Z",
        "datacontenttype": "application/json",
        "schema": "unknown",
        "appid": "2014060600164699",
        "msgversion": "1.1",
        "data": {"amount": 10.0},
    }


def test_a_message_that_is_not_json_is_a_string_of_plain_text() -> None:
    event = event_of(data='"<a>中</a>"', data_is_json=False)
    assert (event["datacontenttype"], event["data"]) == ("text/plain", "<a>中</a>")


@pytest.mark.parametrize(("field", "attribute"), OPTIONAL.items())
def test_an_optional_parameter_is_an_extension_attribute(field: str, attribute: str) -> None:
    assert event_of(**{field: "值"}) == {**event_of(), attribute: "值"}


def test_what_was_not_sent_has_no_attribute() -> None:
    assert set(event_of(version="")) == set(event_of()) - {"msgversion"}


def test_attribute_names_are_lower_case_letters_and_digits() -> None:
    message = to_message(replace(NOTIFICATION, **dict.fromkeys(OPTIONAL, "x")), Conformity("valid", "urn:s"))  # type: ignore[arg-type]
    names = json.loads(message.event)
    assert [name for name in names if not re.fullmatch("[a-z0-9]+", name)] == []
    assert len(names) == 16


@pytest.mark.parametrize(
    ("microseconds", "written"), [(0, "22.000Z"), (1_000, "22.001Z"), (999_000, "22.999Z")], ids=["0", "1", "999"]
)
def test_time_is_rfc_3339_in_utc_to_the_millisecond(microseconds: int, written: str) -> None:
    event = event_of(sent_at=NOTIFICATION.sent_at.replace(microsecond=microseconds))
    assert event["time"] == f"2018-01-24T12:40:{written}"


@pytest.mark.parametrize("field", ATTRIBUTES)
@pytest.mark.parametrize(
    "value", ['","data":{},"x":"', "\\", "\n\x00", "中𠮷"], ids=["quotes", "backslash", "controls", "中"]
)
def test_no_attribute_breaks_out_of_its_string(field: str, value: str) -> None:
    event = event_of(**{field: value})
    assert event[ATTRIBUTES[field]] == value
    assert set(event) == {*event_of(), ATTRIBUTES[field]}
    assert event["data"] == {"amount": 10.0}


# ---- nothing is lost

white_space = st.text(" \t\r\n", max_size=2)
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)
escapes = st.sampled_from(list('"\\/bfnrt')) | st.from_regex("u[0-9a-fA-F]{4}", fullmatch=True)
characters = st.characters(codec="gb18030", exclude_categories=["Cc", "Cs"], exclude_characters='"\\\ufffe\uffff')
strings = st.lists(characters | escapes.map(lambda escape: "\\" + escape)).map(lambda parts: f'"{"".join(parts)}"')


def spaced(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(white_space, text, white_space).map("".join)


json_texts = spaced(
    st.recursive(
        numbers | strings | st.sampled_from(["true", "false", "null"]),
        lambda inner: (
            st.lists(spaced(inner), max_size=4).map(lambda items: f"[{','.join(items)}]")
            # Names may come twice and in any order: whoever wrote them meant something by it.
            | st.lists(st.tuples(spaced(strings), spaced(inner)).map(":".join), max_size=4).map(
                lambda members: f"{{{','.join(members)}}}"
            )
        ),
        max_leaves=10,
    )
)


def published(charset: str, **parameters: str) -> str:
    """The event, from the bytes of the wire."""
    common = {
        "notify_id": "n1",
        "app_id": "app",
        "msg_method": "m",
        "utc_timestamp": "1516797622752",
        "charset": charset,
    }
    pairs = [(n.encode(charset), v.encode(charset)) for n, v in {**common, **parameters}.items()]
    request = read_request(body_event(form(pairs) + b"&sign=s"))
    return to_message(read_notification(request, lambda raw, codecs: "never")).event


def data_of(event: str) -> str:
    """What stands between `"data":` and the end, as written: no attribute before it can hold a bare quote."""
    return event.partition(',"data":')[2].removesuffix("}")


@pytest.mark.parametrize("charset", ["UTF-8", "GB18030"])
@given(biz_content=json_texts)
@example(biz_content='{ "amount":10.00,"x" : 1E400,\n"no":20210706002530020036, "b":-0.0, "a":"\\u4e2d+&=%20\\/\x7f" }')
@example(biz_content='{"a":1,"a":2,"":null}')
@example(biz_content="10.00")
@example(biz_content="9" * 5000)
def test_any_json_survives_to_the_letter(charset: str, biz_content: str) -> None:
    event = published(charset, biz_content=biz_content)
    assert data_of(event) == biz_content
    assert json.loads(event, parse_int=str)["datacontenttype"] == "application/json"


texts = st.text(st.characters(codec="gb18030"))
# Plain text may hold no `&`: see test_ambiguity.py.
plain_texts = st.text(st.characters(codec="gb18030", exclude_characters="&"))


@pytest.mark.parametrize("charset", ["UTF-8", "GBK", "GB2312", "GB18030"])
@given(data=st.data())
def test_any_text_in_any_charset_survives_within_json(charset: str, data: st.DataObject) -> None:
    # GB 2312 and its supersets differ in two characters, which Alipay's side never writes in it.
    text = data.draw(st.text(st.characters(codec=charset, exclude_characters="・―" if charset == "GB2312" else "")))
    event = published(charset, biz_content=json.dumps({"t": text}, ensure_ascii=False))
    assert json.loads(event)["data"] == {"t": text}


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        pytest.param("GBK", "镕囍", id="GBK beyond GB2312"),
        pytest.param("GB18030", "€𠮷", id="GB18030 beyond GBK"),
        pytest.param("UTF-8", "\x00\u2028\ufffe\uffff\U0010ffff", id="odd characters"),
    ],
)
def test_rare_characters_survive_within_json(charset: str, text: str) -> None:
    event = published(charset, biz_content=json.dumps({"t": text}, ensure_ascii=False))
    assert json.loads(event)["data"] == {"t": text}


@pytest.mark.parametrize("charset", ["UTF-8", "GB18030"])
@given(text=plain_texts)
def test_any_text_in_any_charset_survives_as_plain_text(charset: str, text: str) -> None:
    event = json.loads(published(charset, biz_content="text: " + text))
    assert (event["data"], event["datacontenttype"]) == ("text: " + text, "text/plain")


@pytest.mark.parametrize("charset", ["UTF-8", "GB18030"])
@given(fields=st.dictionaries(texts.map("shop_{}".format), texts, min_size=1))
def test_any_flat_fields_in_any_charset_survive(charset: str, fields: dict[str, str]) -> None:
    assert json.loads(published(charset, **fields))["data"] == fields


# ---- what SQS does not take


@pytest.mark.parametrize("character", ["\ufffe", "\uffff"], ids=["U+FFFE", "U+FFFF"])
@pytest.mark.parametrize(
    ("field", "text"),
    [
        pytest.param("data", '{"a":"@"}', id="in data"),
        pytest.param("data", '{"@":1}', id="in a name in data"),
        pytest.param("data", r'{"a":"\\@"}', id="after a backslash"),
        pytest.param("data", '"@"', id="in plain text"),
        pytest.param("msg_uid", "@", id="in an attribute"),
    ],
)
def test_characters_that_sqs_refuses_are_escaped_and_mean_the_same(field: str, text: str, character: str) -> None:
    event = text_of(**{field: text.replace("@", character)})
    assert character not in event
    assert json.loads(event) == json.loads(text_of(**{field: text}).replace("@", character))


@given(text=plain_texts, msg_uid=plain_texts)
def test_an_event_holds_only_characters_that_sqs_takes(text: str, msg_uid: str) -> None:
    try:
        event = published("UTF-8", biz_content="text: " + text, msg_uid=msg_uid)
    except MalformedRequest:
        assert re.search("[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", msg_uid)
        return
    assert re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", event)


# ---- message attributes

FILTERS = {
    "notify_id": "2018012400224134022000000000001",
    "app_id": "2014060600164699",
    "msg_method": "alipay.trade.order.settle.notify",
    "version": "1.1",
    "schema": "unknown",
}


def attributes_of(**changed: Any) -> dict[str, str]:
    return dict(to_message(replace(NOTIFICATION, **changed)).attributes)


def test_subscribers_can_filter_on_what_every_notification_has() -> None:
    assert attributes_of() == FILTERS


@pytest.mark.parametrize("name", ["msg_type", "msg_uid", "msg_app_id"])
def test_subscribers_can_filter_on_what_was_sent_besides(name: str) -> None:
    assert attributes_of(**{name: "x"}) == {**FILTERS, name: "x"}


@pytest.mark.parametrize("name", ["notify_type", "auth_app_id"])
def test_other_parameters_are_no_message_attributes(name: str) -> None:
    assert attributes_of(**{name: "x"}) == FILTERS


def test_there_are_no_empty_values_and_never_more_than_raw_delivery_carries() -> None:
    everything = dict.fromkeys(OPTIONAL, "x")
    assert "version" not in attributes_of(**everything, version="")
    # SQS takes ten with raw delivery, and a replay adds one.
    assert len(attributes_of(**everything)) < 10


CONFORMITIES = [Conformity("valid", "urn:alipay:schema:m:1"), Conformity("invalid", mismatch="$: type"), Conformity()]


@pytest.mark.parametrize("conformity", CONFORMITIES, ids=[c.state for c in CONFORMITIES])
def test_the_event_and_an_attribute_say_whether_the_data_conforms(conformity: Conformity) -> None:
    message = to_message(NOTIFICATION, conformity)
    event = json.loads(message.event)
    assert (event["schema"], event.get("dataschema", "")) == (conformity.state, conformity.dataschema)
    assert message.attributes["schema"] == conformity.state
    assert list(event)[-1] == "data"


@given(
    fields=st.fixed_dictionaries({}, optional=dict.fromkeys(OPTIONAL, st.text(st.characters(codec="utf-8")))),
    conformity=st.sampled_from(CONFORMITIES),
)
def test_a_stored_event_makes_the_same_message_again(fields: dict[str, str], conformity: Conformity) -> None:
    message = to_message(replace(NOTIFICATION, **fields), conformity)  # type: ignore[arg-type]
    assert stored_message(message.event) == message


# ---- size


def message_of(data: str, *, is_json: bool = True) -> Message:
    return to_message(replace(NOTIFICATION, data=data, data_is_json=is_json))


OVERHEAD = message_of('""').size


@pytest.mark.parametrize(
    ("character", "width"), [pytest.param("x", 1, id="ASCII"), pytest.param("中", 3, id="Chinese")]
)
def test_a_message_of_exactly_256_kib_goes_out_as_it_is(character: str, width: int) -> None:
    room = 262_144 - OVERHEAD
    data = '"' + character * (room // width) + "x" * (room % width) + '"'
    message = message_of(data)
    assert message.size == 262_144
    assert message.event.endswith(f'"data":{data}}}')


@pytest.mark.parametrize("is_json", [True, False])
def test_a_larger_message_goes_out_compressed(*, is_json: bool) -> None:
    text = '{"a":10.00,"t":"' + "结算" * 50_000 + '"}'
    message = message_of(text if is_json else json.dumps(text, ensure_ascii=False), is_json=is_json)
    event = json.loads(message.event)
    assert message.size < 262_144
    assert "data" not in event
    assert event["datacontenttype"] == ("application/json+gzip" if is_json else "text/plain+gzip")
    assert gzip.decompress(base64.b64decode(event["data_base64"])).decode() == text


def test_a_message_that_is_too_large_even_compressed_is_refused() -> None:
    noise = random.Random(1).randbytes(300_000).hex()  # noqa: S311  not secret
    with pytest.raises(MessageTooLarge, match="even when compressed"):
        message_of(f'"{noise}"')


def test_attributes_count_as_names_types_and_values() -> None:
    with_uid = to_message(replace(NOTIFICATION, msg_uid="12")).size
    assert with_uid - to_message(NOTIFICATION).size == len(',"msguid":"12"') + len("msg_uid" + "String" + "12")
