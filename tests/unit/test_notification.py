"""From a verified request to the notification: names, times, the message."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway.errors import CannotDecrypt, MalformedRequest
from alipay_gateway.notification import Notification, read_notification
from alipay_gateway.request import SignedRequest
from tests.support.wire import request_with

REQUIRED: dict[str, str | bytes] = {
    "notify_id": "n1",
    "app_id": "app",
    "msg_method": "alipay.trade.order.settle.notify",
    "utc_timestamp": "1516797622752",
    "version": "1.1",
    "charset": "UTF-8",
    "sign_type": "RSA2",
    "sign": "s",
}


def no_decryption(raw: bytes, codecs: tuple[str, ...]) -> str:
    raise AssertionError("nothing is encrypted")


def read(
    decrypt: Callable[[bytes, tuple[str, ...]], str] = no_decryption, /, **changed: str | bytes | None
) -> Notification:
    """The notification of REQUIRED with parameters changed, added or (None) taken out."""
    parameters = {name: value for name, value in {**REQUIRED, **changed}.items() if value is not None}
    return read_notification(request_with(**parameters), decrypt)


# ---- common parameters


def test_a_standard_notification_is_read() -> None:
    assert read(biz_content='{"amount":10.00}') == Notification(
        notify_id="n1",
        app_id="app",
        msg_method="alipay.trade.order.settle.notify",
        version="1.1",
        sent_at=datetime(2018, 1, 24, 12, 40, 22, 752_000, UTC),
        data='{"amount":10.00}',
        data_is_json=True,
    )


@pytest.mark.parametrize("name", ["msg_type", "msg_uid", "msg_app_id", "auth_app_id", "notify_type", "version"])
def test_an_optional_parameter_is_read(name: str) -> None:
    assert getattr(read(**{name: "值 1"}), name) == "值 1"


@pytest.mark.parametrize("name", ["msg_type", "msg_uid", "msg_app_id", "auth_app_id", "notify_type", "version"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "blank"])
def test_an_optional_parameter_that_was_not_sent_is_empty(name: str, value: str | None) -> None:
    assert getattr(read(**{name: value}), name) == ""


@pytest.mark.parametrize("name", ["notify_id", "app_id", "msg_method"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "blank"])
def test_a_required_parameter_that_was_not_sent_is_malformed(name: str, value: str | None) -> None:
    with pytest.raises(MalformedRequest, match=f"{name} is missing"):
        read(**{name: value})


NAMES = ("msg_method", "method", "notify_type", "service")


@pytest.mark.parametrize("first", range(len(NAMES)), ids=NAMES)
def test_the_msg_method_is_the_first_name_there_is(first: int) -> None:
    there = dict.fromkeys(NAMES) | {name: f"the {name}" for name in NAMES[first:]}
    assert read(**there).msg_method == f"the {NAMES[first]}"


def test_a_blank_name_is_none() -> None:
    assert read(msg_method="", method="", notify_type="trade_status_sync").msg_method == "trade_status_sync"


LIMITS = [("notify_id", 1024), ("app_id", 256), ("msg_method", 256)]


@pytest.mark.parametrize(("name", "limit"), LIMITS)
def test_a_value_longer_than_documented_is_read_as_long_as_the_stores_can_hold_it(name: str, limit: int) -> None:
    assert getattr(read(**{name: "x" * limit}), name) == "x" * limit


@pytest.mark.parametrize(("name", "limit"), LIMITS)
@pytest.mark.parametrize("character", ["x", "中"])
def test_a_value_that_the_stores_cannot_hold_is_malformed(name: str, limit: int, character: str) -> None:
    longer = character * (limit // len(character.encode()) + 1)
    with pytest.raises(MalformedRequest, match=f"{name} is missing or longer than {limit} bytes"):
        read(**{name: longer})


# ---- charset


@pytest.mark.parametrize("charset", ["GBK", "gb2312", "GB18030"])
def test_every_parameter_is_decoded_from_the_charset(charset: str) -> None:
    notification = read(charset=charset, msg_uid="镕𠮷".encode("gb18030"), biz_content='{"a":"囍"}'.encode("gbk"))
    assert (notification.msg_uid, notification.data) == ("镕𠮷", '{"a":"囍"}')


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
@pytest.mark.parametrize("charset", [None, ""], ids=["missing", "blank"])
def test_without_a_charset_it_is_utf_8_and_else_gb18030(codec: str, charset: str | None) -> None:
    assert read(charset=charset, biz_content='{"a":"资料𠮷"}'.encode(codec)).data == '{"a":"资料𠮷"}'


def test_an_unknown_charset_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="charset is none of"):
        read(charset="zip")


@pytest.mark.parametrize(
    "name", ["notify_id", "app_id", "msg_method", "version", "msg_uid", "biz_content", "shop_name"]
)
def test_bytes_that_are_not_in_the_charset_are_malformed(name: str) -> None:
    with pytest.raises(MalformedRequest, match="not text in the declared charset"):
        read(**{name: b"\xd6\xd0"})


# ---- when it was sent


@pytest.mark.parametrize(
    ("utc_timestamp", "expected"),
    [
        pytest.param("1516797622753", "2018-01-24T12:40:22.753+00:00", id="milliseconds"),
        pytest.param("0", "1970-01-01T00:00:00.000+00:00", id="the epoch"),
        pytest.param("0001516797622753", None, id="16 digits"),
        pytest.param("253402300799999", "9999-12-31T23:59:59.999+00:00", id="the last that there is"),
        pytest.param("253402300800000", None, id="after the last that there is"),
        pytest.param("9" * 1000, None, id="a thousand digits"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1516797622.752", None, id="seconds and decimals"),
        pytest.param("1e12", None, id="an exponent"),
        pytest.param(" 1516797622752", None, id="a space"),
        pytest.param("1_516_797_622_752", None, id="underscores"),
        pytest.param("１５１６７９７６２２７５２", None, id="full-width digits"),
        pytest.param("2018-01-24 20:40:22", None, id="a date"),
    ],
)
def test_utc_timestamp_is_milliseconds_since_the_epoch(utc_timestamp: str, expected: str | None) -> None:
    if expected:
        assert read(utc_timestamp=utc_timestamp).sent_at.isoformat(timespec="milliseconds") == expected
    else:
        with pytest.raises(MalformedRequest, match="says when it was sent"):
            read(utc_timestamp=utc_timestamp)


@given(milliseconds=st.integers(0, 253_402_300_799_999))
def test_no_millisecond_is_lost(milliseconds: int) -> None:
    since_epoch = read(utc_timestamp=str(milliseconds)).sent_at - datetime(1970, 1, 1, tzinfo=UTC)
    assert since_epoch // timedelta(milliseconds=1) == milliseconds
    assert not since_epoch % timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("notify_time", "expected"),
    [
        pytest.param("2018-01-24 20:40:22", "2018-01-24T12:40:22+00:00", id="evening"),
        pytest.param("2018-01-01 07:59:59", "2017-12-31T23:59:59+00:00", id="the year before in UTC"),
        pytest.param("2018-01-24 08:00:00", "2018-01-24T00:00:00+00:00", id="midnight in UTC"),
        pytest.param("0001-01-01 00:00:00", None, id="before there was a year in UTC"),
        pytest.param("2018-02-29 00:00:00", None, id="no such day"),
        pytest.param("2018-01-24 24:00:00", None, id="no such hour"),
        pytest.param("2018-01-24 20:40:61", None, id="no such second"),
        pytest.param("2018-01-24", None, id="no time"),
        pytest.param("2018-01-24T20:40:22", None, id="ISO 8601"),
        pytest.param("2018-01-24 20:40:22 ", None, id="a space after it"),
        pytest.param("2018年01月24日 20:40:22", None, id="Chinese"),
        pytest.param("1516797622752", None, id="milliseconds"),
        pytest.param("", None, id="blank"),
        pytest.param(None, None, id="missing"),
    ],
)
def test_notify_time_is_beijing_time(notify_time: str | None, expected: str | None) -> None:
    if expected:
        assert read(utc_timestamp=None, notify_time=notify_time).sent_at.isoformat() == expected
    else:
        with pytest.raises(MalformedRequest, match="says when it was sent"):
            read(utc_timestamp=None, notify_time=notify_time)


def test_utc_timestamp_comes_before_notify_time() -> None:
    sent_at = read(utc_timestamp="1516797622752", notify_time="2020-01-01 00:00:00").sent_at
    assert sent_at == datetime(2018, 1, 24, 12, 40, 22, 752_000, UTC)


def test_a_broken_utc_timestamp_is_not_mended_by_notify_time() -> None:
    with pytest.raises(MalformedRequest, match="says when it was sent"):
        read(utc_timestamp="soon", notify_time="2020-01-01 00:00:00")


# ---- the message


@pytest.mark.parametrize(
    ("biz_content", "data", "data_is_json"),
    [
        pytest.param(
            '{ "b":10.00,\n"a":"\\u4e2d" }', '{ "b":10.00,\n"a":"\\u4e2d" }', True, id="an object, as written"
        ),
        pytest.param("[1]", "[1]", True, id="a list"),
        pytest.param("10.00", "10.00", True, id="a number"),
        pytest.param('"text"', '"text"', True, id="a JSON string"),
        pytest.param("text 中", '"text 中"', False, id="text"),
        pytest.param("<a>\n</a>", r'"<a>\n</a>"', False, id="XML"),
        pytest.param('{"a":NaN}', r'"{\"a\":NaN}"', False, id="NaN is not JSON"),
        pytest.param('{"a":1', r'"{\"a\":1"', False, id="JSON cut short"),
    ],
)
def test_biz_content_is_kept_to_the_letter_when_it_is_json_and_else_becomes_a_string(
    biz_content: str, data: str, *, data_is_json: bool
) -> None:
    notification = read(biz_content=biz_content)
    assert (notification.data, notification.data_is_json) == (data, data_is_json)


def test_the_flat_business_fields_of_version_1_0_become_an_object_in_their_order() -> None:
    flat = {"version": "1.0", "trade_no": "2018", "total_amount": "10.00", "subject": '中 "x"', "body": ""}
    notification = read(**flat)
    assert notification.data == r'{"trade_no":"2018","total_amount":"10.00","subject":"中 \"x\"","body":""}'
    assert notification.data_is_json


def test_common_parameters_are_no_business_fields() -> None:
    common = (
        "msg_type msg_uid msg_app_id encrypt_type notify_type notify_time auth_app_id method service alipay_cert_sn"
    )
    assert read(biz_content=None, **dict.fromkeys(common.split(), "1"), amount="1").data == '{"amount":"1"}'


def test_business_fields_beside_biz_content_are_left_out() -> None:
    assert read(biz_content='{"a":1}', amount="10.00").data == '{"a":1}'


def test_names_of_business_fields_are_decoded_and_escaped() -> None:
    parameters = {**request_with(**{**REQUIRED, "charset": "GBK"}).parameters, '金"额'.encode("gbk"): b"1"}
    assert read_notification(SignedRequest(parameters), no_decryption).data == r'{"金\"额":"1"}'


# ---- the encrypted message


@pytest.mark.parametrize("encrypt_type", ["AES", "aes", "Aes"])
@pytest.mark.parametrize(
    ("charset", "codecs"), [("GBK", ("gb18030",)), ("UTF-8", ("utf-8",)), ("", ("utf-8", "gb18030"))]
)
def test_an_encrypted_biz_content_is_decrypted_in_its_charset(
    encrypt_type: str, charset: str, codecs: tuple[str, ...]
) -> None:
    asked: list[tuple[bytes, tuple[str, ...]]] = []

    def decrypt(raw: bytes, with_codecs: tuple[str, ...]) -> str:
        asked.append((raw, with_codecs))
        return '{"amount":10.00}'

    notification = read(decrypt, biz_content="Y2lwaGVy", encrypt_type=encrypt_type, charset=charset)
    assert (notification.data, asked) == ('{"amount":10.00}', [(b"Y2lwaGVy", codecs)])


def test_without_encrypt_type_nothing_is_decrypted() -> None:
    assert read(biz_content="Y2lwaGVy").data == '"Y2lwaGVy"'


@pytest.mark.parametrize("encrypt_type", ["DES", "AES128", "AES ", "RSA", "ＡＥＳ"])
def test_an_unknown_encrypt_type_is_malformed(encrypt_type: str) -> None:
    with pytest.raises(MalformedRequest, match="encrypt_type is not AES"):
        read(biz_content="Y2lwaGVy", encrypt_type=encrypt_type)


def test_what_does_not_decrypt_is_told() -> None:
    def refuse(raw: bytes, codecs: tuple[str, ...]) -> str:
        raise CannotDecrypt("no key")

    with pytest.raises(CannotDecrypt):
        read(refuse, biz_content="Y2lwaGVy", encrypt_type="AES")


# ---- any verified request


@given(
    parameters=st.dictionaries(
        st.sampled_from([name.encode() for name in (*REQUIRED, "biz_content", "notify_time", "encrypt_type")])
        | st.binary(max_size=5),
        st.binary(max_size=20) | st.sampled_from([b"1516797622752", b"GBK", b"UTF-8", b"AES", b"{}"]),
    )
)
def test_any_parameters_are_a_notification_or_malformed(parameters: dict[bytes, bytes]) -> None:
    try:
        notification = read_notification(SignedRequest(parameters), lambda raw, codecs: "{}")
    except MalformedRequest:
        return
    assert notification.notify_id
    assert notification.app_id
    assert notification.msg_method
