"""Notification to the published message: CloudEvents 1.0, structured JSON.

The JSON is put together from text, not from parsed values: `data` is what Alipay wrote, every number, escape and
space of it. A parser in between would turn 10.00 into 10.0.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import UNKNOWN, Conformity
from .errors import MessageTooLarge
from .notification import Notification
from .text import to_json

MAX_BYTES = 256 * 1024
"""What SNS carries: the message and its attributes (names, types and values) together."""

# What subscribers can filter on without reading the message: SNS message attribute to CloudEvents attribute.
_MESSAGE_ATTRIBUTES = {
    "notify_id": "id",
    "app_id": "appid",
    "msg_method": "type",
    "version": "msgversion",
    "msg_type": "msgtype",
    "msg_uid": "msguid",
    "msg_app_id": "msgappid",
    "schema": "schema",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: the CloudEvent as JSON text, and the SNS message attributes (strings, none empty)."""

    event: str
    attributes: Mapping[str, str]

    @property
    def size(self) -> int:
        """In bytes, as SNS counts them."""
        return len(self.event.encode()) + sum(
            len(f"{name}String{value}".encode()) for name, value in self.attributes.items()
        )


def to_message(notification: Notification, conformity: Conformity = UNKNOWN) -> Message:
    """The notification's message, marked with how its data conforms to its schema.

    One that SNS could not carry goes out compressed: `data_base64` is the data, gzipped. Raises MessageTooLarge when
    that is too large as well.
    """
    message = _message(notification, conformity, {"data": notification.data}, _content_type(notification))
    if message.size > MAX_BYTES:
        content = notification.data if notification.data_is_json else json.loads(notification.data)
        zipped = base64.b64encode(gzip.compress(content.encode(), mtime=0)).decode()
        message = _message(
            notification, conformity, {"data_base64": f'"{zipped}"'}, f"{_content_type(notification)}+gzip"
        )
    if message.size > MAX_BYTES:
        raise MessageTooLarge(f"The message has {message.size} bytes even when compressed; SNS takes {MAX_BYTES}")
    return message


def stored_message(event: str) -> Message:
    """The message again of an event that was published, or was about to be."""
    # `data` is left out: it may be nested too deeply, and its numbers be too long, for Python's parser. Where it begins
    # is certain, since within the strings before it every quotation mark is escaped.
    head, data, _ = event.partition(',"data":')
    attributes = json.loads(head + "}" if data else event)
    return Message(event, {name: attributes[key] for name, key in _MESSAGE_ATTRIBUTES.items() if key in attributes})


def _content_type(notification: Notification) -> str:
    return "application/json" if notification.data_is_json else "text/plain"


def _message(notification: Notification, conformity: Conformity, data: Mapping[str, str], content_type: str) -> Message:
    attributes = {
        "specversion": "1.0",
        "id": notification.notify_id,
        "source": f"urn:alipay:app:{notification.app_id}",
        "type": notification.msg_method,
        # To the millisecond, RFC 3339.
        "time": notification.sent_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": content_type,
        "dataschema": conformity.dataschema,
        "schema": conformity.state,
        "appid": notification.app_id,
        "msgversion": notification.version,
        "msgtype": notification.msg_type,
        "msguid": notification.msg_uid,
        "msgappid": notification.msg_app_id,
        "authappid": notification.auth_app_id,
        "notifytype": notification.notify_type,
    }
    members = {name: to_json(value) for name, value in attributes.items() if value} | dict(data)
    event = "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"
    # SQS takes neither of these two characters; they can only stand in JSON strings, where an escape means the same.
    event = event.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    filters = {name: attributes[key] for name, key in _MESSAGE_ATTRIBUTES.items() if attributes[key]}
    return Message(event, filters)
