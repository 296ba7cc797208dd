"""The raw part of a request, read in the ways that somebody on its way may have read or written it."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import unquote_to_bytes

from alipay_gateway.catalogue import SCHEMAS
from alipay_gateway.request import COMMON_PARAMETERS

Parameters = dict[bytes, bytes]

# What a browser or an HTML parser makes of the beginning of a parameter's name: `&notify_id` holds the entity `&not`.
_ENTITIES = {"¬": "not", "×": "times", "§": "sect", "¤": "curren", "®": "reg", "©": "copy", "¶": "para", "µ": "micro"}


@cache
def known_names() -> frozenset[bytes]:
    """The common parameters, and the documented fields of payments."""
    payment = json.loads((SCHEMAS / "trade_status_sync.json").read_text("utf-8"))["properties"]
    return frozenset(name.encode() for name in {*COMMON_PARAMETERS, *payment})


def pieces(part: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values as they stand there, nothing decoded."""
    return [(name, value) for name, _, value in (piece.partition(b"=") for piece in part.split(b"&") if piece)]


def read(part: bytes) -> Parameters:
    """As the gateway reads it, but for its limits: decoded once, `+` for a space; the last of several is kept."""
    return {_form(name): _form(value) for name, value in pieces(part)}


def repeated_names(part: bytes) -> list[bytes]:
    """The parameters that are there more than once."""
    names = [_form(name) for name, _ in pieces(part)]
    return sorted({name for name in names if names.count(name) > 1})


def other_readings(part: bytes) -> Iterator[tuple[str, Parameters]]:
    """Each way to read it, with the cause that this way repairs."""
    yield "plus_lost", {_url(name): _url(value) for name, value in pieces(part)}
    yield "decoded_before", _joined(part, _as_it_is)
    yield "decoded_before", _joined(part, _plus)
    yield "ampersand_raw", _joined(part, _form)
    unescaped = _without_entities(part)
    if unescaped != part:
        yield "html_entities", read(unescaped)
        yield "html_entities", _joined(unescaped, _as_it_is)
    if b"%3D" in part.upper():
        yield "encoded_whole", read(unquote_to_bytes(part))
    if repeated_names(part):
        yield "duplicate_parameter", dict(reversed(list(read_all(part))))
        yield "duplicate_parameter", read(part)


def read_all(part: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every pair in order, repeated ones too."""
    return ((_form(name), _form(value)) for name, value in pieces(part))


def _joined(part: bytes, decode: Callable[[bytes], bytes]) -> Parameters:
    """A piece that begins with no known name belongs to the value before it: the `&` between them was not escaped.

    Nothing belongs to a sign.
    """
    joined: list[tuple[bytes, bytes]] = []
    for piece in part.split(b"&"):
        name, equals, value = piece.partition(b"=")
        if joined and joined[-1][0] != b"sign" and not (equals and decode(name) in known_names()):
            joined[-1] = joined[-1][0], joined[-1][1] + b"&" + piece
        else:
            joined.append((name, value))
    return {decode(name): decode(value) for name, value in joined}


def _without_entities(part: bytes) -> bytes:
    for sign, name in _ENTITIES.items():
        for codec in ("utf-8", "gb18030"):
            raw = sign.encode(codec)
            escaped = "".join(f"%{byte:02X}" for byte in raw).encode()
            for written in (raw, escaped, escaped.lower()):
                part = part.replace(written, b"&" + name.encode())
    for written in (b"&amp;", b"&amp%3B", b"%26amp%3B"):
        part = part.replace(written, b"&")
    return part


def _form(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _url(raw: bytes) -> bytes:
    return unquote_to_bytes(raw)


def _as_it_is(raw: bytes) -> bytes:
    return raw


def _plus(raw: bytes) -> bytes:
    return raw.replace(b"+", b" ")
