"""The event: what a notification became. CloudEvents 1.0, with Alipay's own parameters as extension attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .content import data_of
from .errors import NoSchema, NotAnEvent
from .messages import MESSAGES, Message
from .records import open_record

MAX_BYTES = 16 * 1024 * 1024
"""What compressed data may grow to, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A notification of Alipay's, verified by the gateway. What Alipay did not send is None."""

    id: str
    """notify_id. A broadcast goes to several apps with one notify_id: see `key`."""
    source: str
    """`urn:alipay:app:<app_id>`."""
    type: str
    """msg_method."""
    time: datetime
    """When Alipay sent it: UTC, aware, to the millisecond."""
    app_id: str
    """The application that received it."""
    data: Any = field(repr=False)
    """biz_content, parsed: integers are int, all other numbers Decimal. Text when datacontenttype is text/plain."""
    msgversion: str | None = None
    """`1.0` or `1.1`."""
    msgtype: str | None = None
    """msg_type: `sys`, `usr` or `app`."""
    msguid: str | None = None
    """msg_uid: the merchant that the message belongs to."""
    msgappid: str | None = None
    """msg_app_id: the application that the message belongs to."""
    authappid: str | None = None
    """auth_app_id (version 1.0): the authorising application."""
    notifytype: str | None = None
    """notify_type (version 1.0): the kind of notification."""
    schema: str | None = None
    """What the gateway found when it held the data against the catalogue: `valid`, `invalid` or `unknown`."""
    dataschema: str | None = None
    """The URI of the schema that the data conforms to; None unless `schema` is `valid`."""
    datacontenttype: str | None = None
    """`application/json` or `text/plain`; with `+gzip` when the data came compressed. `data` is decompressed."""
    replay: str | None = None
    """The id of the replay, when the gateway's operator had the message sent again."""

    @property
    def key(self) -> tuple[str, str]:
        """(source, id): the same whenever this notification arrives again. Deduplicate by it."""
        return (self.source, self.id)

    def message(self) -> Message:
        """The data as the frozen dataclass of its type, see `alipay_events.messages`.

        Raises NoSchema when there is none for the type, and Mismatch when the data does not fit it.
        """
        read = MESSAGES.get(self.type)
        if read is None:
            raise NoSchema(f"{self.type} has no typed message: read the event's data")
        return read(self.data)


def read_event(record: object, *, max_bytes: int = MAX_BYTES) -> Event:
    """The event in a record: SQS's or SNS's, as Lambda or boto3 hands it over, or the text in it.

    These shapes are known: a Lambda SQS record (`body`), a boto3 SQS message (`Body`), either of them with raw delivery
    or with SNS's envelope in it; a Lambda SNS record (`Sns`); SNS's envelope, which is also the body of its HTTP
    deliveries, as text or parsed; and the event's own JSON text. Text is str, or bytes in UTF-8.
    `max_bytes` bounds what compressed data may grow to.
    Raises NotAnEvent, a ValueError, with a sentence that says what is wrong and holds nothing of the record.
    """
    attributes, replay = open_record(record)
    if attributes.get("specversion") != "1.0":
        raise NotAnEvent("The record holds no CloudEvent of version 1.0")
    return Event(
        id=_needed(attributes, "id"),
        source=_needed(attributes, "source"),
        type=_needed(attributes, "type"),
        time=_utc(_needed(attributes, "time")),
        app_id=_needed(attributes, "appid"),
        data=data_of(attributes, max_bytes),
        msgversion=_optional(attributes, "msgversion"),
        msgtype=_optional(attributes, "msgtype"),
        msguid=_optional(attributes, "msguid"),
        msgappid=_optional(attributes, "msgappid"),
        authappid=_optional(attributes, "authappid"),
        notifytype=_optional(attributes, "notifytype"),
        schema=_optional(attributes, "schema"),
        dataschema=_optional(attributes, "dataschema"),
        datacontenttype=_optional(attributes, "datacontenttype"),
        replay=replay,
    )


def events_of(lambda_event: object, *, max_bytes: int = MAX_BYTES) -> list[Event]:
    """The events of all records in what SQS or SNS invokes a function with (`Records`).

    Raises NotAnEvent at the first record that is not one: to report failures one by one (`batchItemFailures`), call
    `read_event` for each record.
    """
    records = lambda_event.get("Records") if isinstance(lambda_event, Mapping) else None
    if not isinstance(records, list):
        raise NotAnEvent("The invocation has no Records of SQS or SNS")
    return [read_event(record, max_bytes=max_bytes) for record in records]


def _needed(attributes: Mapping[str, Any], name: str) -> str:
    value = _optional(attributes, name)
    if not value:
        raise NotAnEvent(f"The event has no {name}")
    return value


def _optional(attributes: Mapping[str, Any], name: str) -> str | None:
    value = attributes.get(name)
    if value is not None and not isinstance(value, str):
        raise NotAnEvent(f"The event's {name} is not a string")
    return value


def _utc(time: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(time)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise NotAnEvent("The event's time is not RFC 3339 with an offset")
