"""The notification: Alipay's common parameters as text, and the message as JSON text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from .errors import MalformedRequest
from .request import COMMON_NAMES, SignedRequest
from .text import codecs_of, is_json, reader_of, to_json

# What anybody could add to a genuine notification must not decide how the rest of it is read.
_NOT_ALWAYS_SIGNED = (b"sign", b"sign_type", b"alipay_cert_sn")

# What the attributes of a CloudEvent must not hold; SQS too refuses much of it.
_NOT_IN_ATTRIBUTES = re.compile("[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")

_BEIJING = timezone(timedelta(hours=8))

# What the gateway's stores can hold, not what Alipay documents (50, 20 and 100): a longer signed value is accepted.
_MAX_BYTES = {"notify_id": 1024, "app_id": 256, "msg_method": 256}


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified, decoded notification. Optional parameters are empty when Alipay did not send them."""

    notify_id: str
    app_id: str
    msg_method: str
    version: str
    sent_at: datetime
    """When Alipay sent it: UTC, aware, to the millisecond."""
    data: str
    """The message as JSON text: biz_content to the letter, or a JSON string when biz_content is not JSON."""
    data_is_json: bool
    msg_type: str = ""
    msg_uid: str = ""
    msg_app_id: str = ""
    auth_app_id: str = ""
    notify_type: str = ""


def read_notification(request: SignedRequest, decrypt: Callable[[bytes, tuple[str, ...]], str]) -> Notification:
    """Decodes a verified request. `decrypt` turns ciphertext into text, given the codecs of the plaintext.

    Raises MalformedRequest when what the gateway needs is missing or not text, and whatever `decrypt` raises.
    """
    codecs = codecs_of(request.ascii("charset"))
    signed = (item for item in request.parameters.items() if item[0] not in _NOT_ALWAYS_SIGNED)
    codec = reader_of(b"\n".join(map(b"\n".join, signed)), codecs)

    def text(name: str) -> str:
        value = request.get(name).decode(codec)
        if value and _NOT_IN_ATTRIBUTES.search(value):
            raise MalformedRequest(f"{name} holds a control character")
        return value

    def needed(name: str, value: str) -> str:
        if not value or len(value.encode()) > _MAX_BYTES[name]:
            raise MalformedRequest(f"{name} is missing or longer than {_MAX_BYTES[name]} bytes")
        return value

    notify_type = text("notify_type")
    data, data_is_json = _data(request, codec, lambda ciphertext: decrypt(ciphertext, codecs))
    return Notification(
        notify_id=needed("notify_id", text("notify_id")),
        app_id=needed("app_id", text("app_id")),
        msg_method=needed("msg_method", text("msg_method") or text("method") or notify_type or text("service")),
        version=text("version"),
        sent_at=_sent_at(request.ascii("utc_timestamp"), request.ascii("notify_time")),
        data=data,
        data_is_json=data_is_json,
        msg_type=text("msg_type"),
        msg_uid=text("msg_uid"),
        msg_app_id=text("msg_app_id"),
        auth_app_id=text("auth_app_id"),
        notify_type=notify_type,
    )


def _data(request: SignedRequest, codec: str, decrypt: Callable[[bytes], str]) -> tuple[str, bool]:
    if b"biz_content" not in request.parameters:
        return _flat_fields(request, codec), True
    biz_content = request.get("biz_content")
    encrypt_type = request.ascii("encrypt_type").upper()
    if encrypt_type not in ("", "AES"):
        raise MalformedRequest("The encrypt_type is not AES")
    text = decrypt(biz_content) if encrypt_type else biz_content.decode(codec)
    if is_json(text):
        return text, True
    # The border between biz_content and what is signed next could have been moved (see signature.py). JSON cannot be
    # cut short or prolonged and still be JSON; any other text must border on charset, and hold no `&` itself.
    signed_next = min((name for name in request.parameters if name > b"biz_content"), default=b"")
    if signed_next != b"charset" or b"&" in biz_content:
        raise MalformedRequest("The biz_content is not JSON, and where it ends is not certain")
    return to_json(text), False


def _flat_fields(request: SignedRequest, codec: str) -> str:
    fields = ((n.decode(codec), v.decode(codec)) for n, v in request.parameters.items() if n not in COMMON_NAMES)
    return "{" + ",".join(f"{to_json(name)}:{to_json(value)}" for name, value in fields) + "}"


def _sent_at(utc_timestamp: str, notify_time: str) -> datetime:
    """utc_timestamp is milliseconds since the epoch; notify_time (version 1.0) is Beijing time, to the second."""
    try:
        if utc_timestamp:
            if not utc_timestamp.isdecimal() or len(utc_timestamp) > 15:  # the year 33658: datetime ends before
                raise ValueError("not milliseconds")
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(utc_timestamp))
        return datetime.strptime(notify_time, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedRequest("Neither utc_timestamp nor notify_time says when it was sent") from error
