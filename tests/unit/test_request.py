"""From an API Gateway event to the signed parameters, as bytes."""

import base64
from collections import UserDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alipay_gateway.errors import MalformedRequest
from alipay_gateway.request import MAX_PARAMETERS, MAX_PART_BYTES, SignedRequest, read_request
from tests.support.wire import body_event, form, plain_body_event, query_event, request_with


def read(part: bytes) -> list[tuple[bytes, bytes]]:
    return list(read_request(body_event(part)).parameters.items())


def values(event: Mapping[str, Any]) -> dict[bytes, bytes]:
    return dict(read_request(event).parameters)


# ---- which part is read


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(body_event(b"a=1&sign=s"), id="base64 body"),
        pytest.param(plain_body_event("a=1&sign=s"), id="plain body"),
        pytest.param({"body": "a=1&sign=s"}, id="body, nothing said of base64"),
        pytest.param(query_event("a=1&sign=s"), id="query, no body"),
        pytest.param({"body": None, "rawQueryString": "a=1&sign=s"}, id="query, null body"),
        pytest.param(plain_body_event("", query="a=1&sign=s"), id="query, empty body"),
        pytest.param(plain_body_event("b=2", query="a=1&sign=s"), id="query, body without sign"),
        pytest.param(plain_body_event("design=2", query="a=1&sign=s"), id="query, body with a name that ends in sign"),
        pytest.param(plain_body_event("b=sign=2", query="a=1&sign=s"), id="query, body with sign in a value"),
        pytest.param(plain_body_event('{"b": 2}', query="a=1&sign=s"), id="query, body of another kind"),
        pytest.param(plain_body_event("a=1&sign=s", query="tenant=7"), id="body, unsigned query"),
        pytest.param(plain_body_event("a=1&sign=s", query="a=2&sign=t"), id="body, signed query"),
        pytest.param(plain_body_event("a=1&sign=s", query="a=1&a=2&%zz"), id="body, broken query"),
        pytest.param(plain_body_event("a=1&sign=s", query="x=" + "x" * MAX_PART_BYTES), id="body, long query"),
    ],
)
def test_the_parameters_are_those_of_the_part_that_carries_sign(event: dict[str, Any]) -> None:
    assert values(event) == {b"a": b"1", b"sign": b"s"}


def test_a_blank_sign_in_the_body_does_not_let_the_query_speak() -> None:
    assert values(plain_body_event("sign=", query="a=1&sign=s")) == {b"sign": b""}


class Untouchable(UserDict[str, Any]):
    """An event whose `queryStringParameters` must not be looked at."""

    def __getitem__(self, key: str) -> Any:
        assert key != "queryStringParameters"
        return super().__getitem__(key)


@pytest.mark.parametrize("source", [{"body": "a=%D6%D0&sign=s"}, {"rawQueryString": "a=%D6%D0&sign=s"}, {}])
def test_query_string_parameters_are_never_read(source: dict[str, Any]) -> None:
    event = Untouchable({**source, "queryStringParameters": {"a": "\ufffd\ufffd", "sign": "s"}})
    if source:
        assert values(event)[b"a"] == b"\xd6\xd0"
    else:
        with pytest.raises(MalformedRequest, match="no sign"):
            read_request(event)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="empty event"),
        pytest.param({"body": None, "rawQueryString": None, "isBase64Encoded": None}, id="nulls"),
        pytest.param({"body": {"sign": "s"}, "rawQueryString": ["sign=s"]}, id="members of other types"),
        pytest.param({"body": b"sign=s", "rawQueryString": b"sign=s"}, id="bytes"),
        pytest.param({"body": 1, "rawQueryString": True, "isBase64Encoded": "yes"}, id="numbers and booleans"),
        pytest.param(plain_body_event("a=1"), id="no sign anywhere"),
        pytest.param(plain_body_event("sign"), id="sign without ="),
        pytest.param(plain_body_event("SIGN=s"), id="sign in capitals"),
        pytest.param(plain_body_event('{"sign":"s"}'), id="JSON body"),
        pytest.param(plain_body_event("a=1;sign=s"), id="semicolons do not separate"),
    ],
)
def test_without_a_sign_it_is_malformed(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest, match="no sign"):
        read_request(event)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("a=1&sign=s", id="not encoded at all"),
        pytest.param("c2lnbj1zYQ", id="padding too little"),
        pytest.param("c2ln\nbj1z", id="line end inside"),
        pytest.param("c2lnbj1z中", id="not ASCII"),
        pytest.param("c2lnbj1z\ud800", id="lone surrogate"),
    ],
)
def test_a_body_that_is_not_the_base64_it_claims_to_be_is_malformed(body: str) -> None:
    with pytest.raises(MalformedRequest, match="not base64"):
        read_request({"body": body, "isBase64Encoded": True, "rawQueryString": "a=1&sign=s"})


def test_a_plain_body_that_is_not_text_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="not text"):
        read_request(plain_body_event("a=\ud800&sign=s"))


# ---- what the parameters are


@pytest.mark.parametrize(
    ("escaped", "value"),
    [
        pytest.param(b"%D6%D0%95%34%B2%35", b"\xd6\xd0\x954\xb25", id="GBK and GB18030 bytes"),
        pytest.param(b"%e4%b8%ad", b"\xe4\xb8\xad", id="lower-case escapes"),
        pytest.param(b"\xd6\xd0", b"\xd6\xd0", id="bytes not escaped"),
        pytest.param(b"a+b", b"a b", id="plus is a space"),
        pytest.param(b"a%20b", b"a b", id="%20 is a space"),
        pytest.param(b"a%2Bb", b"a+b", id="%2B is a plus"),
        pytest.param(b"%2525", b"%25", id="decoded once"),
        pytest.param(b"x%26y%3Dz", b"x&y=z", id="escaped separators"),
        pytest.param(b"x=y==", b"x=y==", id="equals signs"),
        pytest.param(b"100%", b"100%", id="percent at the end"),
        pytest.param(b"%4", b"%4", id="half an escape"),
        pytest.param(b"%zz%41", b"%zzA", id="no hexadecimal"),
        pytest.param(b"%u4e2d", b"%u4e2d", id="the escape of old browsers"),
        pytest.param(b"%00%0A", b"\x00\n", id="control characters"),
    ],
)
def test_values_are_unescaped_to_bytes(escaped: bytes, value: bytes) -> None:
    assert read(b"a=" + escaped + b"&sign=s") == [(b"a", value), (b"sign", b"s")]


def test_names_are_unescaped_too() -> None:
    assert read(b"%61+%62%3D=1&sign=s") == [(b"a b=", b"1"), (b"sign", b"s")]


@pytest.mark.parametrize("blank", [b"a=", b"a"], ids=["with =", "without ="])
def test_a_blank_value_is_kept(blank: bytes) -> None:
    assert read(blank + b"&sign=s") == [(b"a", b""), (b"sign", b"s")]


def test_empty_pieces_are_no_parameters() -> None:
    assert read(b"&a=1&&sign=s&") == [(b"a", b"1"), (b"sign", b"s")]


def test_the_order_of_the_request_is_kept() -> None:
    assert [name for name, _ in read(b"sign=s&z=1&a=2&m=3")] == [b"sign", b"z", b"a", b"m"]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"a=1&a=2&sign=s", id="two values"),
        pytest.param(b"a=1&b=2&a=1&sign=s", id="the same value"),
        pytest.param(b"a=1&a&sign=s", id="one blank"),
        pytest.param(b"a=1&%61=2&sign=s", id="one escaped"),
        pytest.param(b"%6a=1&%6A=2&sign=s", id="escapes in either case"),
        pytest.param(b"a+b=1&a%20b=2&sign=s", id="spaces in two spellings"),
        pytest.param(b"sign=s&sign=s", id="sign itself"),
        pytest.param(b"sign=s&%73ign=t", id="sign, escaped"),
    ],
)
def test_a_parameter_that_is_there_twice_is_malformed(part: bytes) -> None:
    with pytest.raises(MalformedRequest, match="twice"):
        read(part)


def test_names_that_differ_in_case_are_two_parameters() -> None:
    assert read(b"a=1&A=2&sign=s") == [(b"a", b"1"), (b"A", b"2"), (b"sign", b"s")]


# ---- what a request may cost


def part_of(size: int) -> bytes:
    return b"sign=s&a=".ljust(size, b"x")


@pytest.mark.parametrize("encode", [body_event, lambda part: plain_body_event(part.decode())], ids=["base64", "plain"])
def test_a_part_of_the_largest_size_is_read(encode: Any) -> None:
    parameters = values(encode(part_of(MAX_PART_BYTES)))
    assert len(parameters[b"a"]) == MAX_PART_BYTES - len("sign=s&a=")


@pytest.mark.parametrize(
    "encode",
    [body_event, lambda part: plain_body_event(part.decode()), lambda part: query_event(part.decode())],
    ids=["base64 body", "plain body", "query"],
)
def test_a_part_one_byte_larger_is_malformed(encode: Any) -> None:
    with pytest.raises(MalformedRequest, match="larger than 1048576 bytes"):
        read_request(encode(part_of(MAX_PART_BYTES + 1)))


def test_characters_count_as_the_bytes_they_are() -> None:
    body = "sign=s&a=" + "中" * (MAX_PART_BYTES // 3)
    with pytest.raises(MalformedRequest, match="larger than 1048576 bytes"):
        read_request(plain_body_event(body))


def test_a_huge_body_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(MalformedRequest, match="larger than 1048576 bytes"):
        read_request({"body": "!" * (2 * MAX_PART_BYTES), "isBase64Encoded": True})


def parameters_of(count: int) -> bytes:
    return b"&".join([b"sign=s", *(b"p%d=" % number for number in range(count - 1))])


def test_the_largest_number_of_parameters_is_read() -> None:
    assert len(read(parameters_of(MAX_PARAMETERS))) == MAX_PARAMETERS


def test_one_parameter_more_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="More than 256"):
        read(parameters_of(MAX_PARAMETERS + 1))


# ---- any input

names = st.binary(min_size=1, max_size=12).filter(lambda name: name != b"sign")


@given(parameters=st.dictionaries(names, st.binary(max_size=40), max_size=8), sign=st.binary(max_size=40))
@example(parameters={b"a": b"1", b"a1": b"&=+% \x00\xff"}, sign=b"+/=")
def test_any_names_and_values_survive(parameters: dict[bytes, bytes], sign: bytes) -> None:
    pairs = [*parameters.items(), (b"sign", sign)]
    # `sign=` must be readable as such; every other byte is escaped.
    escaped = form(parameters.items())
    part = (escaped + b"&" if escaped else b"") + b"sign=" + form([(b"", sign)])[1:]
    assert read(part) == pairs
    assert list(read_request(query_event(part.decode())).parameters.items()) == pairs


@given(
    parameters=st.dictionaries(
        st.text(st.characters(codec="gb18030"), min_size=1), st.text(st.characters(codec="gb18030"))
    )
)
def test_what_a_form_encoder_writes_in_gb18030_is_read_as_the_same_bytes(parameters: dict[str, str]) -> None:
    parameters = {**parameters, "sign": "s"}
    part = urlencode(parameters, encoding="gb18030").encode()
    assert read(part) == [(name.encode("gb18030"), value.encode("gb18030")) for name, value in parameters.items()]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
parts = st.one_of(
    json_values,
    st.text(st.sampled_from("sign=&%+;a1 \ud800中"), max_size=30),
    st.binary(max_size=30).map(lambda raw: base64.b64encode(b"sign=" + raw).decode()),
    st.text(st.characters(), max_size=30).map(lambda text: "sign=" + text),
)


@given(
    event=st.fixed_dictionaries(
        {}, optional={"body": parts, "rawQueryString": parts, "isBase64Encoded": json_values, "headers": json_values}
    )
)
def test_any_event_is_a_signed_request_or_malformed(event: dict[str, Any]) -> None:
    try:
        request = read_request(event)
    except MalformedRequest:
        return
    assert b"sign" in request.parameters


# ---- reading a request


def test_a_parameter_is_got_as_bytes() -> None:
    assert request_with(a=b"\xd6\xd0").get("a") == b"\xd6\xd0"


@pytest.mark.parametrize("request_", [request_with(), request_with(a="")], ids=["missing", "blank"])
def test_missing_and_blank_read_the_same(request_: SignedRequest) -> None:
    assert (request_.get("a"), request_.ascii("a")) == (b"", "")


def test_as_ascii_no_byte_beyond_it_passes_for_a_letter() -> None:
    assert request_with(a=b"RSA\xd6\xd02").ascii("a") == "RSA\ufffd\ufffd2"
