"""Strategies: what a hostile sender, or an odd Alipay, may send."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_from_bytes, quote_plus

from hypothesis import strategies as st

from local.events import MSG_METHODS

NOW_MS = 1_700_000_000_000
APP = "2014060600164699"

CHARSETS = (
    "UTF-8 utf8 UTF_8 GBK gb2312 GB18030 zip hex idna rot13 base64 utf-16 utf-7 utf-8-sig unicode_escape "
    "raw_unicode_escape punycode latin-1 mbcs undefined big5 UTF-8;q=1 ../gbk"
).split()
NAMES = (
    "notify_id utc_timestamp msg_method app_id msg_type msg_uid msg_app_id version biz_content sign sign_type "
    "encrypt_type charset notify_type notify_time auth_app_id method service alipay_cert_sn"
).split()
NUMBERS = ["0", "-0", "10.00", "1e400", "-1E-2", "0.1000", "9" * 20, "1" * 5_000, "1." + "0" * 5_000]
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "1e", "0x10", "١", "１", "1_000", "--1"]
ODD = [
    *("", "\ufeff", "\x00", "\x1b[2J", "\uffff", "\ufffe", "\u2028", "\x7f", "\x85", "\ufdd0", "𠮷", "\U0001ffff"),
    *("&", "=", "&sign=", "%", "%26", "+", "\r\n", '"', "\\", "{}", "null", "中文", "é", "\t"),
]

texts = st.lists(st.sampled_from(ODD) | st.text(max_size=6), max_size=4).map("".join)
tame = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="&"), min_size=1, max_size=12)


# ---- JSON

_space = st.sampled_from(["", "", "", " ", "\n", "\t\r "])
_strings = st.builds(
    lambda text, *, plain: json.dumps(text, ensure_ascii=not plain), texts, plain=st.booleans()
) | st.sampled_from([r'"\ud800"', r'"\udfff\ud800"', r'"\u0000\uffff\ufffe"', r'"\/\b\f"', '"&charset=GBK&a="'])


def _array(items: list[str], space: str) -> str:
    return "[" + ",".join(space + item for item in items) + space + "]"


def _object(members: list[tuple[str, str]], space: str) -> str:
    return "{" + ",".join(f"{space}{name}{space}:{value}{space}" for name, value in members) + "}"


_names = _strings | st.just('"a"')  # the same name twice is JSON, too
json_texts = st.recursive(
    st.sampled_from(["true", "false", "null"]) | st.sampled_from(NUMBERS[:-2]) | st.sampled_from(NUMBERS) | _strings,
    lambda inner: (
        st.builds(_array, st.lists(inner, max_size=4), _space)
        | st.builds(_object, st.lists(st.tuples(_names, inner), max_size=4), _space)
    ),
    max_leaves=12,
)
deep_json = st.builds(
    lambda depth, core, *, objects: ('{"a":' if objects else "[") * depth + core + ("}" if objects else "]") * depth,
    st.integers(1, 400) | st.integers(900, 1_100) | st.just(50_000),
    json_texts,
    objects=st.booleans(),
)
_slips = st.sampled_from([*NO_NUMBERS, *ODD, ",", ":", "[", "]", "}", "'a'", "/**/", "\\x", "\\u12", "tru", '"\x01"'])


@st.composite
def near_json(draw: st.DrawFn) -> str:
    """JSON in which a slip of text has taken the place of some other, perhaps of none."""
    text = draw(json_texts)
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(_slips) + text[start + draw(st.integers(0, 3)) :]


# Rare: they say little more the second time, and take long.
huge = st.sampled_from(
    ["x" * 300_000, "1" * 100_000, '"' + "\\uffff" * 90_000 + '"', "[" * 100_000, '"' + "中" * 90_000 + '"']
)
contents = st.one_of(*[json_texts] * 16, *[near_json()] * 8, *[texts] * 8, *[deep_json] * 2, huge)


# ---- parameters

timestamps = st.one_of(
    st.integers(-3, 3).map(lambda away: str(NOW_MS + away)),
    st.sampled_from([NOW_MS - 30 * 86_400_000, NOW_MS + 86_400_000]).flatmap(
        lambda edge: st.integers(edge - 2, edge + 2).map(str)
    ),
    st.sampled_from(
        [
            *("", "0", "-1", "1", "999999999999999", "1000000000000000", "253402300799999", "253402300800000"),
            *(
                "1e12",
                " 1700000000000",
                "+1700000000000",
                "1700000000000.0",
                "١٧٠٠",
                "１７０００００００００００",
                "9" * 10_000,
            ),
        ]
    ),
)
times = st.sampled_from(
    [
        "",
        "2023-11-15 06:13:20",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "2023-02-30 00:00:00",
        "２０２３-11-15 06:13:20",
    ]
) | st.datetimes().map(str)
identifiers = tame | texts | st.sampled_from(["x" * 1_024, "x" * 1_025, "中" * 342, "a&b=c", "a\nb", "\ufffe"])

#: What each common parameter may be, of things that are not what it should be.
odd_values: dict[str, st.SearchStrategy[str]] = {
    "notify_id": identifiers,
    "msg_method": identifiers | st.sampled_from(MSG_METHODS) | st.just("x" * 257),
    "app_id": st.sampled_from([APP, APP, APP, "", APP + "\x00", "2021", "中"]),
    "utc_timestamp": timestamps,
    "notify_time": times,
    "version": texts | st.just("1.0"),
    "charset": st.sampled_from(CHARSETS),
    "sign_type": st.sampled_from(["RSA2", "rsa2", "RSA", "", "none", "HMAC", "ＲＳＡ２"]),
    "encrypt_type": st.sampled_from(["AES", "aes", "", "DES", "ＡＥＳ"]),
    "biz_content": contents,
}


def value_of(name: str) -> st.SearchStrategy[str]:
    return odd_values.get(name, texts)


def _escaped_all(raw: bytes) -> bytes:
    return f"%{raw.hex('%')}".encode() if raw else b""


Spell = Callable[[bytes], bytes]

#: Ways to write the same bytes into a form.
spellings: st.SearchStrategy[Spell] = st.sampled_from(
    [
        lambda raw: quote_plus(raw).encode(),
        lambda raw: quote_from_bytes(raw, safe="").encode(),
        _escaped_all,
        lambda raw: _escaped_all(raw).upper(),
    ]
)


def form_of(pairs: list[tuple[bytes, bytes]], spell: Spell) -> bytes:
    """A form of which `sign=` alone is certain to be readable as such."""
    return b"&".join((name if name == b"sign" else spell(name)) + b"=" + spell(value) for name, value in pairs)


#: Pieces of which a form is never made by an encoder.
scraps = st.sampled_from(
    "sign= &sign= %73ign= SIGN= sign sign[]= a=1 a=2 &a=1 %61=1 & && = == ; + % %% %z %4 %u4e2d %00 %ff %26 %3D %2525 "
    "app_id=2014060600164699 &app_id=2014060600164699 sign_type=RSA2 &sign_type=RSA2".split()
).map(str.encode)
parts = st.lists(scraps | scraps | st.binary(max_size=4), max_size=24).map(b"".join)
many = st.builds(
    lambda unit, times, start: start + unit * times,
    st.sampled_from([b"&", b"%", b"%41", b"&a=", b"=", b"+", b"x", b"&%zz", b"%25"]),
    st.sampled_from([255, 256, 257, 1_024, 1_025, 5_000]),
    st.sampled_from([b"sign=s&a=", b"", b"sign=s&", b"sign="]),
)
forms = parts | parts | many


# ---- events


def body_event(part: bytes, query: str = "") -> dict[str, Any]:
    return {"body": base64.b64encode(part).decode(), "isBase64Encoded": True, "rawQueryString": query}


Carry = Callable[[bytes], dict[str, Any]]


def _plain(bring: Callable[[str], dict[str, Any]]) -> Carry:
    """Text brings no more than ASCII; other bytes come in base64, as they do."""
    return lambda part: bring(part.decode()) if part.isascii() else body_event(part)


#: Events that bring a part, whatever else they bring.
carriers: st.SearchStrategy[Carry] = st.sampled_from(
    [
        body_event,
        lambda part: body_event(part, "tenant=7&charset=zip"),
        lambda part: body_event(part, "sign=x"),
        _plain(lambda text: {"body": text, "isBase64Encoded": False}),
        _plain(lambda text: {"body": text}),
        _plain(lambda text: {"rawQueryString": text}),
        _plain(lambda text: {"rawQueryString": text, "body": None}),
    ]
)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["sign=", "!"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_members = ["body", "rawQueryString", "isBase64Encoded", "headers", "queryStringParameters", "requestContext"]
events = st.one_of(
    st.dictionaries(st.sampled_from(_members), json_values | texts | st.just("sign=s&app_id=" + APP)),
    st.builds(
        lambda raw: {"body": raw, "isBase64Encoded": True}, st.sampled_from(["=", "c2ln", "中", "\ud800", "c2lnbj0="])
    ),
    st.builds(lambda text: {"rawQueryString": "sign=s&a=" + text}, st.text(st.characters(), max_size=8)),
    st.builds(lambda carry, part: carry(part), carriers, forms),
)
no_events = json_values.filter(lambda value: not isinstance(value, dict))


# ---- neighbours

NEIGHBOURS = 24
#: Drawn beside an input whose neighbours are tried too: an input takes hypothesis milliseconds, a change microseconds.
seeds = st.integers(0, 2**32 - 1)
_PIECES = [
    piece.encode() for piece in (*ODD, *NO_NUMBERS, *NUMBERS[:7], *NAMES, *'{ } [ ] : , "'.split(), r"\ud800", "1.0")
]
_PIECES += [
    b"%",
    b"%zz",
    b"%41",
    b"%26",
    b"&sign=",
    b"\xff",
    b"\x81\x30\x81\x30",
    b"\xed\xa0\x80",
    b"\xd6\xd0",
    b"A",
    b"=",
]
tried = {"neighbours": 0}


def neighbours(raw: bytes, seed: int) -> Iterator[bytes]:
    """The bytes themselves, then others that differ in a few places: cut, repeated, or replaced by an odd piece."""
    yield raw
    chance = random.Random(seed)  # noqa: S311  nothing is kept secret with it
    for _ in range(NEIGHBOURS if len(raw) < 8_192 else 0):
        changed = bytearray(raw)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            at, size = chance.randint(0, len(changed)), chance.choice((0, 0, 1, 1, 2, 9, 80))
            start = chance.randint(0, len(changed))
            changed[at : at + size] = chance.choice((chance.choice(_PIECES), b"", bytes(changed[start : start + size])))
        tried["neighbours"] += 1
        yield bytes(changed)
