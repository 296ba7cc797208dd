"""Bytes to text to JSON, losing nothing."""

import json
from typing import Any

from .errors import MalformedRequest

# The charsets that Alipay declares. A list, not Python's codec registry: that one also knows `zip` and `idna`.
# gb18030 is the superset of the other two and reads what they cannot.
_CODECS = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"}


def codecs_of(charset: str) -> tuple[str, ...]:
    """The Python codecs to try for a declared charset (any case, `UTF8` or `utf-8`); blank: UTF-8, else gb18030.

    Raises MalformedRequest for any other name.
    """
    if not charset:
        return ("utf-8", "gb18030")
    codec = _CODECS.get(charset.strip().lower().replace("-", "").replace("_", ""))
    if codec is None:
        raise MalformedRequest("The charset is none of UTF-8, GBK, GB2312, GB18030")
    return (codec,)


def decode(raw: bytes, codecs: tuple[str, ...]) -> str:
    """Raises MalformedRequest when none of the codecs reads every byte."""
    return raw.decode(reader_of(raw, codecs))


def reader_of(raw: bytes, codecs: tuple[str, ...]) -> str:
    """The first of the codecs that reads every byte. Raises MalformedRequest when none does."""
    for codec in codecs:
        try:
            raw.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec
    raise MalformedRequest("The bytes are not text in the declared charset")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


# Numbers are left alone: only the grammar is checked, and no number is too long for it.
_grammar = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_refuse_constant)


def is_json(text: str) -> bool:
    """Whether the text is JSON (RFC 8259; NaN and Infinity are not) of a depth that Python's own parser reads."""
    try:
        _grammar.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


_encoder = json.JSONEncoder(ensure_ascii=False)


def to_json(value: Any) -> str:
    """The value as JSON, everything beyond ASCII left readable."""
    return _encoder.encode(value)
