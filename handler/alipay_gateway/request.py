"""API Gateway event to signed parameters, as bytes.

Only bytes can be verified: whatever decodes them with the wrong charset destroys GBK text for good. So the event's
`queryStringParameters`, which API Gateway has decoded as UTF-8, is never read.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import MalformedRequest

# What an unverified request may cost. A message of SNS's 256 KiB, percent-encoded, is at most three times as long.
MAX_PART_BYTES = 1024 * 1024
MAX_PARAMETERS = 256
MAX_BROKEN_ESCAPES = 1024

# The common parameters (公共参数). Beside them, a notification without biz_content carries its business fields.
COMMON_PARAMETERS = frozenset(
    "notify_id utc_timestamp msg_method app_id msg_type msg_uid msg_app_id version biz_content sign sign_type "
    "encrypt_type charset notify_type notify_time auth_app_id method service alipay_cert_sn".split()
)
COMMON_NAMES = frozenset(name.encode() for name in COMMON_PARAMETERS)
"""The same as a request has them."""

_PLUS_IS_SPACE = bytes.maketrans(b"+", b" ")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parameters of the part of the request that carries `sign`: percent-decoded once, in the order received."""

    parameters: Mapping[bytes, bytes]

    def get(self, name: str) -> bytes:
        """The parameter's bytes; empty when it is missing or blank."""
        return self.parameters.get(name.encode(), b"")

    def ascii(self, name: str) -> str:
        """The parameter as ASCII text, every other byte replaced: for names and numbers, and for the log."""
        return self.get(name).decode("ascii", "replace")


def read_request(event: Mapping[str, Any]) -> SignedRequest:
    """Reads an HTTP API event (payload format 2.0): the body when it carries `sign`, else the query.

    What else the URL carries (`?tenant=…`) is not signed and must not be mixed in.
    Raises MalformedRequest when neither part carries `sign`, when the part names a parameter twice, or is too large.
    """
    for part in (_body(event), _query(event)):
        if b"sign=" in part:
            parameters = _parameters(part)
            if b"sign" in parameters:
                return SignedRequest(parameters)
    raise MalformedRequest("The request carries no sign")


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if len(body) > MAX_PART_BYTES * 4 // 3 + 4:
        raise MalformedRequest(f"The body is larger than {MAX_PART_BYTES} bytes")
    try:
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError) as error:
        raise MalformedRequest("The body is not base64, though the event says so, or not text") from error


def _query(event: Mapping[str, Any]) -> bytes:
    query = event.get("rawQueryString")
    return query.encode(errors="replace") if isinstance(query, str) else b""


def _parameters(part: bytes) -> dict[bytes, bytes]:
    if len(part) > MAX_PART_BYTES:
        raise MalformedRequest(f"The parameters are larger than {MAX_PART_BYTES} bytes")
    pieces = _whole_escapes(part.translate(_PLUS_IS_SPACE)).split(b"&", MAX_PARAMETERS)
    if len(pieces) > MAX_PARAMETERS:
        raise MalformedRequest(f"More than {MAX_PARAMETERS} parameters")
    parameters: dict[bytes, bytes] = {}
    for piece in filter(None, pieces):
        name, _, value = piece.partition(b"=")
        name = _unescape(name)
        if name in parameters:
            raise MalformedRequest("A parameter is there twice")
        parameters[name] = _unescape(value)
    return parameters


def _whole_escapes(part: bytes) -> bytes:
    """A `%` that begins no escape stands for itself, here as everywhere on the web: escape it."""
    part, broken = _BROKEN_ESCAPE.subn(b"%25", part, MAX_BROKEN_ESCAPES + 1)
    if broken > MAX_BROKEN_ESCAPES:
        raise MalformedRequest(f"More than {MAX_BROKEN_ESCAPES} broken escapes")
    return part


def _unescape(escaped: bytes) -> bytes:
    # Quoted-printable is percent-encoding with another sign, and its decoder ten times as fast as urllib's.
    return binascii.a2b_qp(escaped.replace(b"=", b"=3D").replace(b"%", b"="))
