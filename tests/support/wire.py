"""Requests made from bytes, without the code that reads them."""

import base64
from collections.abc import Iterable
from typing import Any

from alipay_gateway.request import SignedRequest
from local.alipay import SignedNotification, codec_of


def form(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A form body in which every single byte is percent-encoded."""
    return b"&".join(_escape(name) + b"=" + _escape(value) for name, value in pairs)


def _escape(raw: bytes) -> bytes:
    return "".join(f"%{byte:02X}" for byte in raw).encode()


def body_event(part: bytes, *, query: str = "") -> dict[str, Any]:
    """An HTTP API event with a form body, as API Gateway hands it over: in base64."""
    return {"body": base64.b64encode(part).decode(), "isBase64Encoded": True, "rawQueryString": query}


def plain_body_event(part: str, *, query: str = "") -> dict[str, Any]:
    """An event whose body is text, as local emulators hand it over."""
    return {"body": part, "isBase64Encoded": False, "rawQueryString": query}


def query_event(query: str) -> dict[str, Any]:
    """An event of a request without a body."""
    return {"rawQueryString": query, "isBase64Encoded": False}


def request_of(notification: SignedNotification) -> SignedRequest:
    """A signed notification as the gateway has it after reading: bytes of its charset, in wire order."""
    codec = codec_of(notification.charset)
    return SignedRequest({n.encode(codec): v.encode(codec) for n, v in notification.parameters.items()})


def request_with(**parameters: str | bytes) -> SignedRequest:
    """Parameters that need no signature, since what is under test comes after verifying. Text is UTF-8."""
    return SignedRequest({n.encode(): v if isinstance(v, bytes) else v.encode() for n, v in parameters.items()})
