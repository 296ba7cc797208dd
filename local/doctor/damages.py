"""What can happen to values on their way, and what undoes it: cause → ways to repair a value.

A repair raises ValueError (UnicodeError is one) for a value that it cannot have been.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

Repair = Callable[[bytes], bytes]

# A space that is no lost `+`: the one between a date and a time.
_SPACE = re.compile(rb"(?<!\d{4}-\d\d-\d\d) ")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def _transcode(read_as: str, was: str) -> Repair:
    return lambda value: value.decode(read_as).encode(was)


def _replace(old: bytes, new: bytes) -> Repair:
    return lambda value: value.replace(old, new)


def _surrounded(before: bytes, after: bytes) -> Repair:
    return lambda value: before + value + after


VALUE_REPAIRS: dict[str, tuple[Repair, ...]] = {
    "plus_lost": (_replace(b" ", b"+"), lambda value: _SPACE.sub(b"+", value)),
    "plus_for_space": (_replace(b"+", b" "),),
    "encoded_twice": (unquote_to_bytes, lambda value: unquote_to_bytes(value.replace(b"+", b" "))),
    "transcoded_to_utf8": (_transcode("utf-8", "gb18030"),),
    "transcoded_to_gbk": (_transcode("gb18030", "utf-8"),),
    "read_as_latin1": (_transcode("utf-8", "latin-1"), _transcode("utf-8", "cp1252")),
    "line_ends": (
        _replace(b"\r\n", b"\n"),
        lambda value: value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    ),
    "html_in_values": (
        lambda value: html.unescape(value.decode()).encode(),
        lambda value: html.escape(value.decode()).encode(),
        lambda value: html.escape(value.decode(), quote=False).encode(),
    ),
    "backslashes": (lambda value: re.sub(rb"\\(.)", rb"\1", value, flags=re.DOTALL), _replace(b'"', b'\\"')),
}
"""Damages that meet every value alike."""

SINGLE_REPAIRS: dict[str, tuple[Repair, ...]] = {
    "trimmed": tuple(
        _surrounded(before, after)
        for before, after in ((b"", b" "), (b"", b"\n"), (b"", b"\r\n"), (b" ", b""), (b" ", b" "), (b"\n", b"\n"))
    ),
    "padded": (bytes.strip, bytes.rstrip),
    "plus_lost": VALUE_REPAIRS["plus_lost"],
    "plus_for_space": VALUE_REPAIRS["plus_for_space"],
    "encoded_twice": VALUE_REPAIRS["encoded_twice"],
    "html_in_values": VALUE_REPAIRS["html_in_values"],
    "line_ends": VALUE_REPAIRS["line_ends"],
}
"""Damages that may meet one value alone."""


def rewritten_json(value: bytes) -> Iterator[bytes]:
    """JSON in other layouts than it is written in here: as it may have been before somebody parsed and wrote it.

    Numbers and strings are left as they are written, then with the usual escapes changed.
    """
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("gb18030", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        return
    if not isinstance(document, dict | list):
        return
    codec = "gb18030" if text.encode() != value else "utf-8"
    pieces = _PIECE.findall(text)
    for written in _escapes(pieces):
        for layout in (_compact, _spaced, _lines, *(_indented(by) for by in ("  ", "    ", "\t", " "))):
            yield layout(written).encode(codec)


def _escapes(pieces: list[str]) -> Iterator[list[str]]:
    yield pieces
    yield [re.sub(r"[^\x00-\x7f]+", lambda match: json.dumps(match[0])[1:-1], piece) for piece in pieces]
    yield [json.dumps(json.loads(piece), ensure_ascii=False) if piece[0] == '"' else piece for piece in pieces]
    yield [piece.replace("/", "\\/") if piece[0] == '"' else piece for piece in pieces]
    # `10.00` that became `10.0`.
    yield [f"{piece}0" if re.fullmatch(r"-?\d+\.\d", piece) else piece for piece in pieces]


def _compact(pieces: list[str]) -> str:
    return "".join(pieces)


def _spaced(pieces: list[str]) -> str:
    return "".join(f"{piece} " if piece in (",", ":") else piece for piece in pieces)


def _lines(pieces: list[str]) -> str:
    """A line for each member and no indentation, as Alipay's documents write it."""
    text, depth = "", ""
    for piece in pieces:
        if piece in ("{", "["):
            depth += piece
        elif piece in ("}", "]"):
            depth = depth[:-1]
        inside = depth.endswith("{")
        text += f"\n{piece}" if piece == "}" else piece
        text += "\n" if piece == "{" or (piece == "," and inside) else ""
    return text


def _indented(by: str) -> Callable[[list[str]], str]:
    def layout(pieces: list[str]) -> str:
        text, depth, before = "", 0, ""
        for piece in pieces:
            if piece in ("}", "]"):
                depth -= 1
                text += "" if before in ("{", "[") else "\n" + by * depth
            elif before in ("{", "[", ","):
                text += "\n" + by * depth
            text += f"{piece} " if piece == ":" else piece
            depth += piece in ("{", "[")
            before = piece
        return text

    return layout
