"""Where in a record the event's text is: SQS and SNS, from Lambda and from boto3, delivered raw or in an envelope."""

from collections.abc import Mapping
from typing import Any, Final

from .content import read_json
from .errors import NotAnEvent

# Where the value of a message attribute is: in a Lambda record, in a boto3 message, in an SNS envelope.
_ATTRIBUTE_VALUES: Final = ("stringValue", "StringValue", "Value")


def open_record(record: object) -> tuple[Mapping[str, Any], str | None]:
    """The event's JSON object, and the `replay` attribute when the gateway's operator sent it again.

    Raises NotAnEvent when the record has none of the shapes that `read_event` lists.
    """
    if isinstance(record, str | bytes):
        return _open_text(record)
    if not isinstance(record, Mapping):
        raise NotAnEvent(f"A record is a mapping, a string or bytes, not {type(record).__name__}")
    if "body" in record:
        return _open_text(record["body"], _replay(record.get("messageAttributes")))
    if "Body" in record:
        return _open_text(record["Body"], _replay(record.get("MessageAttributes")))
    if "Sns" in record:
        return _open_envelope(record["Sns"])
    if "specversion" in record:
        raise NotAnEvent("The event has been parsed already, which may have spoiled its amounts: pass its text")
    return _open_envelope(record)


def _open_text(text: object, replay: str | None = None) -> tuple[Mapping[str, Any], str | None]:
    content = read_json(text)
    if isinstance(content, Mapping) and "specversion" not in content and "Message" in content:
        content, replay = _open_envelope(content)
    if not isinstance(content, Mapping):
        raise NotAnEvent("The record holds JSON that is not an object")
    return content, replay


def _open_envelope(envelope: object) -> tuple[Mapping[str, Any], str | None]:
    if not isinstance(envelope, Mapping) or "Message" not in envelope:
        raise NotAnEvent("The record is none of SQS's or SNS's")
    if envelope.get("Type", "Notification") != "Notification":
        raise NotAnEvent("What SNS sent is not a notification; it may be asking to confirm the subscription")
    content = read_json(envelope["Message"])
    if not isinstance(content, Mapping):
        raise NotAnEvent("The record holds JSON that is not an object")
    return content, _replay(envelope.get("MessageAttributes"))


def _replay(attributes: object) -> str | None:
    attribute = attributes.get("replay") if isinstance(attributes, Mapping) else None
    values = map(attribute.get, _ATTRIBUTE_VALUES) if isinstance(attribute, Mapping) else ()
    return next((value for value in values if isinstance(value, str)), None)
