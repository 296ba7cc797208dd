"""Text to values, losing nothing, within bounds. What fails is not chained: Python's own errors hold what they read."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from .errors import NotAnEvent

_GZIP: Final = 16 + zlib.MAX_WBITS
_MISSING: Final = object()


def read_json(text: object) -> Any:
    """JSON text (str, or bytes in UTF-8) as values: a number with a point or an exponent is a Decimal, never a float.

    Raises NotAnEvent when it is not JSON, or goes beyond what Python takes: some 1,000 levels, 4,300 digits of an
    integer, an exponent of 10^18.
    """
    if not isinstance(text, str | bytes):
        raise NotAnEvent(f"The event's text is a {type(text).__name__}")
    text = _text(text)
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError):
        raise NotAnEvent("The event's text is not JSON, or is nested too deeply, or holds too long a number") from None


def data_of(event: Mapping[str, Any], max_bytes: int) -> Any:
    """The event's data: values for JSON, text for `text/plain`, whether it came plain or compressed.

    `max_bytes` bounds what compressed data may grow to. Raises NotAnEvent when there is none, or it cannot be read.
    """
    content_type, _, compression = str(event.get("datacontenttype", "application/json")).partition("+")
    is_text = content_type == "text/plain"
    if (encoded := event.get("data_base64", _MISSING)) is not _MISSING:
        content = _decode(encoded)
        content = _decompress(content, max_bytes) if compression == "gzip" else content
        return _text(content) if is_text else read_json(content)
    if (data := event.get("data", _MISSING)) is _MISSING:
        raise NotAnEvent("The event has neither data nor data_base64")
    if is_text and not isinstance(data, str):
        raise NotAnEvent("The event's data is text/plain, but not a string")
    return data


def _text(text: str | bytes) -> str:
    try:
        return text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        raise NotAnEvent("The event's text is not UTF-8") from None


def _decode(encoded: object) -> bytes:
    try:
        return base64.b64decode(encoded if isinstance(encoded, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise NotAnEvent("The event's data_base64 is not base64") from None


def _decompress(zipped: bytes, max_bytes: int) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(zipped, max_bytes + 1)
    except zlib.error:
        raise NotAnEvent("The event's data_base64 is not gzip") from None
    if len(content) > max_bytes:
        raise NotAnEvent(f"The event's data grows to more than {max_bytes} bytes when decompressed")
    if not stream.eof or stream.unused_data:
        raise NotAnEvent("The event's data_base64 is not one whole gzip stream")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
