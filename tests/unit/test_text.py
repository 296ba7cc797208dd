"""Bytes to text to JSON, losing nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway.errors import MalformedRequest
from alipay_gateway.text import codecs_of, decode, is_json, to_json

# ---- charsets


@pytest.mark.parametrize("charset", ["UTF-8", "utf-8", "UTF8", "utf8", "Utf-8", "UTF_8", " utf-8 "])
def test_utf_8_in_every_spelling(charset: str) -> None:
    assert decode("中𠮷€".encode(), codecs_of(charset)) == "中𠮷€"


@pytest.mark.parametrize("charset", ["GBK", "gbk", "GB2312", "gb2312", "GB-2312", "GB18030", "gb18030", "GB_18030"])
@pytest.mark.parametrize(
    ("text", "raw"),
    [
        pytest.param("中文", b"\xd6\xd0\xce\xc4", id="GB2312"),
        pytest.param("镕囍", b"\xe9F\x87\xd6", id="GBK beyond GB2312"),
        pytest.param("€", b"\xa2\xe3", id="the euro, which GBK has not"),
        pytest.param("𠮷", b"\x954\xb25", id="GB18030 beyond GBK, four bytes"),
        pytest.param("ok ~", b"ok ~", id="ASCII"),
    ],
)
def test_the_chinese_charsets_are_all_read_as_their_superset(charset: str, text: str, raw: bytes) -> None:
    assert decode(raw, codecs_of(charset)) == text


@pytest.mark.parametrize(
    "charset",
    "zip hex base64 bz2 uu quopri idna punycode rot13 unicode_escape raw_unicode_escape undefined utf-16 utf-32 utf-7 "
    "utf-8-sig ascii latin-1 big5 hz shift_jis mbcs cp936 GBK,UTF-8 utf8mb4 - _ null ../utf-8".split(),
)
def test_any_other_charset_is_malformed(charset: str) -> None:
    with pytest.raises(MalformedRequest, match="charset is none of"):
        codecs_of(charset)


@pytest.mark.parametrize(
    "charset", ["ＵＴＦ－８", "\ufffdGBK", "UTF-8\x00", "  "], ids=["full width", "bad byte", "NUL", "spaces"]
)
def test_what_only_looks_like_a_charset_is_malformed(charset: str) -> None:
    with pytest.raises(MalformedRequest, match="charset is none of"):
        codecs_of(charset)


@pytest.mark.parametrize("raw", ["中文𠮷".encode(), "中文𠮷".encode("gb18030")], ids=["UTF-8", "GB18030"])
def test_without_a_charset_it_is_utf_8_and_else_gb18030(raw: bytes) -> None:
    assert decode(raw, codecs_of("")) == "中文𠮷"


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        pytest.param("中文".encode("gbk"), "UTF-8", id="GBK declared as UTF-8"),
        pytest.param(b"\xd6", "GBK", id="half a character"),
        pytest.param(b"\xff", "GBK", id="no GB18030 byte"),
        pytest.param(b"\xed\xa0\x80", "UTF-8", id="a surrogate in UTF-8"),
        pytest.param(b"\xc0\xaf", "UTF-8", id="an overlong slash"),
        pytest.param(b"\xff", "", id="neither, none declared"),
    ],
)
def test_bytes_that_are_not_in_the_charset_are_malformed(raw: bytes, charset: str) -> None:
    with pytest.raises(MalformedRequest, match="not text in the declared charset"):
        decode(raw, codecs_of(charset))


@pytest.mark.parametrize("charset", ["UTF-8", "GB18030"])
@given(text=st.text(st.characters(codec="gb18030")))
def test_any_text_survives(charset: str, text: str) -> None:
    assert decode(text.encode(charset), codecs_of(charset)) == text


# ---- is it JSON?


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="object"),
        pytest.param('\r\n\t [1 , {"a" : null}] \n', id="white space"),
        pytest.param('"text"', id="string"),
        pytest.param("-0.0e-0", id="number"),
        pytest.param("10.00", id="money"),
        pytest.param("1E400", id="a number beyond floats"),
        pytest.param("9" * 5000, id="5,000 digits"),
        pytest.param("0." + "9" * 5000, id="5,000 decimals"),
        pytest.param('{"a":1,"a":2}', id="a name twice"),
        pytest.param(r'"\ud800"', id="an escaped lone surrogate"),
        pytest.param(r'"\u4E2d\/\b\f"', id="escapes"),
        pytest.param('"\x7f\u2028\ufeff"', id="characters that JSON lets stand"),
        pytest.param("[" * 500 + "]" * 500, id="500 deep"),
    ],
)
def test_json(text: str) -> None:
    assert is_json(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="white space"),
        pytest.param("text", id="text"),
        pytest.param("NaN", id="NaN"),
        pytest.param('{"a":Infinity}', id="Infinity"),
        pytest.param("[-Infinity]", id="-Infinity"),
        pytest.param("{'a':1}", id="single quotes"),
        pytest.param('{"a":1,}', id="trailing comma"),
        pytest.param('{"a":1} {"b":2}', id="two values"),
        pytest.param('{"a":1', id="cut"),
        pytest.param("{a:1}", id="unquoted name"),
        pytest.param("[1]//", id="comment"),
        pytest.param('"a\nb"', id="raw line end in a string"),
        pytest.param('"\x00"', id="raw control character"),
        pytest.param(r'"\x41"', id="an escape of other languages"),
        pytest.param(r'"\u12"', id="half an escape"),
        pytest.param("\ufeff{}", id="byte order mark"),
        pytest.param("\xa0{}", id="no-break space"),
        pytest.param("01", id="leading zero"),
        pytest.param("+1", id="plus"),
        pytest.param(".5", id="no leading digit"),
        pytest.param("1.", id="no decimals"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("１", id="full-width digit"),
        pytest.param("True", id="Python's true"),
        pytest.param("[" * 1_000_000, id="a million deep, open"),
        pytest.param("[" * 200_000 + "]" * 200_000, id="200,000 deep"),
        pytest.param('{"a":' * 200_000 + "1" + "}" * 200_000, id="200,000 objects deep"),
    ],
)
def test_not_json(text: str) -> None:
    assert not is_json(text)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(value=json_values, ascii_only=st.booleans(), indent=st.none() | st.integers(0, 3))
def test_whatever_a_json_writer_writes_is_json(value: Any, *, ascii_only: bool, indent: int | None) -> None:
    assert is_json(json.dumps(value, ensure_ascii=ascii_only, indent=indent))


@given(text=st.text(st.sampled_from('{}[]",:0123.eE+-\\u nultrefas\n'), max_size=12))
def test_what_is_called_json_is_what_a_json_reader_reads(text: str) -> None:
    try:
        json.loads(text, parse_constant=lambda name: json.loads(""))
    except ValueError:
        assert not is_json(text)
    else:
        assert is_json(text)


# ---- text as a JSON string


@given(text=st.text(st.characters(codec="utf-8")))
def test_any_text_becomes_a_json_string_that_reads_as_it(text: str) -> None:
    assert json.loads(to_json(text)) == text


def test_chinese_stays_readable_and_what_json_forbids_is_escaped() -> None:
    assert to_json('中𠮷 "\\\n\x00') == r'"中𠮷 \"\\\n\u0000"'
