"""A curl command to the request that it sends: URL, headers and body."""

import argparse
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote_from_bytes

_ANSI_C = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
_TAKE_A_VALUE = (
    "-A --user-agent -e --referer -o --output -u --user -b --cookie -m --max-time --connect-timeout -x --proxy "
    "--resolve --cacert --cert --key -w --write-out -X --request -F --form --retry -D --dump-header"
).split()


@dataclass(frozen=True)
class CurlCommand:
    """`url` may hold surrogate escapes for bytes that are not UTF-8; the names of `headers` are in small letters."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def parse(command: bytes) -> CurlCommand:
    """Raises ValueError when it is no complete command, OSError when a file that it names cannot be read."""
    text = _ANSI_C.sub(lambda match: shlex.quote(_ansi_c(match[1])), command.decode("utf-8", "surrogateescape"))
    words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "))
    arguments, rest = _parser().parse_known_args(words[1:])
    urls = [arguments.url] if arguments.url else [word for word in rest if not word.startswith("-")]
    if not urls:
        raise ValueError("The curl command names no URL")
    url, body = next((word for word in urls if "://" in word), urls[0]), b"&".join(arguments.data)
    if arguments.get and body:
        url += ("&" if "?" in url else "?") + body.decode("utf-8", "surrogateescape")
        body = b""
    headers = (header.partition(":") for header in arguments.header)
    return CurlCommand(url, {name.strip().lower(): value.strip() for name, _, value in headers}, body)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"The curl command cannot be read: {message}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for names, read in (
        (("-d", "--data", "--data-ascii"), _ascii),
        (("--data-raw",), _raw),
        (("--data-binary",), _binary),
        (("--data-urlencode",), _urlencoded),
    ):
        parser.add_argument(*names, dest="data", action="append", type=read, default=[])
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("--url")
    for name in _TAKE_A_VALUE:
        parser.add_argument(name, dest="ignored", action="append")
    return parser


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _binary(text: str) -> bytes:
    return Path(text[1:]).read_bytes() if text.startswith("@") else _raw(text)


def _ascii(text: str) -> bytes:
    # From a file, curl leaves line ends and zero bytes out.
    return _binary(text).translate(None, b"\r\n\0") if text.startswith("@") else _raw(text)


def _urlencoded(text: str) -> bytes:
    """`content`, `=content`, `name=content`, `@file` or `name@file`: the content is escaped, the name is not."""
    at = re.search("[=@]", text)
    if at is None:
        return quote_from_bytes(_raw(text), safe="").encode()
    name, content = text[: at.start()], text[at.end() :]
    read = Path(content).read_bytes() if at[0] == "@" else _raw(content)
    return (_raw(name) + b"=" if name else b"") + quote_from_bytes(read, safe="").encode()


def _ansi_c(text: str) -> str:
    """What bash makes of the text between `$'` and `'`."""

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] in "xu" and len(escape) > 1:
            code = int(escape[1:], 16)
            return bytes([code]).decode("utf-8", "surrogateescape") if escape[0] == "x" and code > 127 else chr(code)
        if escape[0] in "01234567":
            return chr(int(escape, 8) & 127)
        return _LETTERS.get(escape, escape)

    return _ESCAPE.sub(character, text).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
