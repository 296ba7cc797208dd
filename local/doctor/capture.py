"""A captured request, in whatever form it was captured, as the event that API Gateway would have made of it."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from local.doctor import curl

_REQUEST_LINE = re.compile(rb'"(?:GET|POST|PUT|HEAD) ([^" ]+) HTTP/[\d.]+"')
_URL = re.compile(rb"(?:https?://|/)[^\s?]*\?")
_ESCAPED_BY_NGINX = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_LOG_MEMBERS = ({"requestId", "routeKey", "status"}, {"outcome", "reason"})


@dataclass(frozen=True)
class Capture:
    """`form` says what the input was taken for. `declared_length` is the body's Content-Length, where it is known."""

    form: str
    event: Mapping[str, Any]
    declared_length: int | None = None
    received_at: float | None = None
    """Seconds since the epoch, where the capture tells."""
    without_parameters: bool = False
    """A log line that holds no request."""
    decoded_query: bool = False
    """An event of a REST API, whose query API Gateway has decoded as UTF-8, put together again."""

    @property
    def part(self) -> tuple[str, bytes]:
        """The part that the parameters are in, and its name: the body if there is `sign` in it, or no query."""
        body, query = _body_of(self.event), str(self.event.get("rawQueryString") or "").encode(errors="replace")
        use_query = bool(query) and (not body or (b"sign" in query and b"sign" not in body))
        return ("query", query) if use_query else ("body", body)

    @property
    def base64_is_broken(self) -> bool:
        """Whether the event says that its body is base64, and it is not."""
        if not self.event.get("isBase64Encoded") or not isinstance(self.event.get("body"), str):
            return False
        try:
            base64.b64decode(self.event["body"], validate=True)
        except (binascii.Error, ValueError):
            return True
        return False


def read_capture(raw: bytes) -> Capture:
    """Recognises the form by itself. Raises ValueError when it is none that it knows, OSError for curl's `@file`."""
    text = raw.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    if text.startswith(b"{"):
        return _from_json(text)
    if re.match(rb"\$?\s*curl\s", text):
        return _from_curl(text)
    if match := next(filter(None, map(_REQUEST_LINE.search, _lines_with_sign_first(text))), None):
        return _from_url("a line of an access log", _ESCAPED_BY_NGINX.sub(_byte, match[1]))
    if _URL.match(text):
        return _from_url("a URL", text)
    if b"=" in text or b"%3D" in text.upper():
        # No form has raw line ends around it: they are the file's.
        return Capture("a form body", _event(text.removeprefix(b"?")))
    raise ValueError("The input is no form body, URL, API Gateway event, curl command or access log line")


def _from_json(text: bytes) -> Capture:
    try:
        event = json.loads(text)
    except ValueError as error:
        raise ValueError("The input begins like JSON, and is not: give the whole event") from error
    if any(members <= event.keys() for members in _LOG_MEMBERS) and "body" not in event:
        return Capture("a line of this gateway's own log", {}, without_parameters=True)
    if not event.keys() & {"rawQueryString", "requestContext", "httpMethod", "body"}:
        raise ValueError("The JSON is neither an event of API Gateway nor a line of this gateway's log")
    headers = {str(name).lower(): value for name, value in (event.get("headers") or {}).items()}
    context = event.get("requestContext") or {}
    received = context.get("timeEpoch") or context.get("requestTimeEpoch")
    rest = "rawQueryString" not in event and "httpMethod" in event
    query = urlencode(event.get("multiValueQueryStringParameters") or {}, doseq=True) if rest else ""
    query = query or (urlencode(event.get("queryStringParameters") or {}) if rest else "")
    return Capture(
        "an event of a REST API" if rest else "an event of an HTTP API",
        event | {"rawQueryString": query} if rest else event,
        _length(headers.get("content-length")),
        received / 1000 if isinstance(received, int) else None,
        decoded_query=bool(query),
    )


def _from_curl(text: bytes) -> Capture:
    command = curl.parse(text.lstrip(b"$ "))
    query = urlsplit(command.url).query.encode(errors="surrogateescape")
    event = _event(command.body) | {"rawQueryString": query.decode("ascii", "backslashreplace")}
    return Capture("a curl command", event, _length(command.headers.get("content-length")))


def _from_url(form: str, url: bytes) -> Capture:
    query = url.partition(b"?")[2].partition(b"#")[0]
    if not query:
        return Capture(form, {}, without_parameters=True)
    return Capture(form, _event(query))


def _event(part: bytes) -> dict[str, Any]:
    """In base64 a part keeps every byte, also those that no URL may hold."""
    return {"body": base64.b64encode(part).decode(), "isBase64Encoded": True}


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if not event.get("isBase64Encoded"):
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body[: len(body) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""


def _lines_with_sign_first(text: bytes) -> list[bytes]:
    return sorted(text.splitlines(), key=lambda line: b"sign" not in line)


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def _length(header: Any) -> int | None:
    return int(header) if isinstance(header, str) and header.isdecimal() else None
