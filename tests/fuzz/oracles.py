"""What is right, said a second time and in another way than the function says it."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# ---- JSON (RFC 8259), of any depth: tokens, of which every closed array and object becomes one value

_TOKEN = re.compile(
    r'(?P<s>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(?P<v>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
    r"|(?P<p>[][{}:,])|[ \t\n\r]+"
)
_NESTED = re.compile(r"\[(?:[sv](?:,[sv])*)?\]|\{(?:s:[sv](?:,s:[sv])*)?\}")


def is_json(text: str) -> bool:
    shape, at = [""], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return False
        at = token.end()
        piece = token[0] if token.lastgroup == "p" else token.lastgroup or ""
        if piece in ("[", "{"):
            shape.append(piece)
        elif piece in ("]", "}"):
            nested = shape.pop() + piece
            if not shape or not _NESTED.fullmatch(nested):
                return False
            shape[-1] += "v"
        else:
            shape[-1] += piece
    return shape in (["s"], ["v"])


def depth_of(text: str) -> int:
    """An upper bound of how deeply it is nested."""
    return text.count("[") + text.count("{")


# ---- forms


def parameters_of(part: bytes) -> list[tuple[bytes, bytes]]:
    """As the standard library reads a form, each byte taken for a character."""
    pairs = parse_qsl(part.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


# ---- encryption


def plaintext_of(ciphertext: bytes, key: bytes) -> bytes | None:
    """None for what is no AES/CBC/PKCS#7 in base64."""
    if re.fullmatch(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", ciphertext) is None:
        return None
    raw = base64.b64decode(ciphertext)
    if not raw or len(raw) % 16:
        return None
    decryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
    padded = decryptor.update(raw) + decryptor.finalize()
    count = padded[-1]
    return padded[:-count] if 1 <= count <= 16 and padded.endswith(bytes([count]) * count) else None


# ---- what is published

# XML 1.0's characters: SQS refuses a message, or an attribute, that holds another.
_NOT_FOR_SQS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What CloudEvents 1.0 does not allow in an attribute, but for the noncharacters beyond U+FFFF.
_NOT_FOR_CLOUDEVENTS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REQUIRED = {"specversion", "id", "source", "type"}
_DATA = re.compile(r',"data":(.*)\}', re.DOTALL)


def refuse_constant(name: str) -> None:
    raise ValueError(name)


def event_of(text: str) -> dict[str, Any]:
    """The event, checked to be JSON; of `data` its text, since that is what matters and may be nested too deeply."""
    assert not _NOT_FOR_SQS.search(text)
    text.encode()
    head, _, _ = text.partition(',"data":')
    data = _DATA.fullmatch(text, len(head))
    event: dict[str, Any] = json.loads(head + "}" if data else text, parse_constant=refuse_constant)
    if data:
        assert is_json(data[1])
        event["data"] = data[1]
    return event


def check_cloudevent(event: Mapping[str, Any]) -> None:
    """CloudEvents 1.0, the JSON format, structured mode."""
    assert event.keys() >= _REQUIRED
    assert event["specversion"] == "1.0"
    assert not ("data" in event and "data_base64" in event)
    for name, value in event.items():
        if name not in ("data", "data_base64"):
            assert re.fullmatch("[a-z0-9]{1,20}", name)
            assert value
            assert isinstance(value, str)
            assert not _NOT_FOR_CLOUDEVENTS.search(value), f"{name} holds a character that CloudEvents does not allow"
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:@!$&'()*+,;=%/-]+", event["source"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])


def data_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """What the data says, unescaped where it is a string, unzipped where it was too large; and its content type."""
    content_type = event["datacontenttype"]
    if "data_base64" in event:
        unzipped = gzip.decompress(base64.b64decode(event["data_base64"], validate=True))
        return unzipped.decode(), content_type.removesuffix("+gzip")
    return json.loads(event["data"]) if content_type == "text/plain" else event["data"], content_type


def check_attributes(attributes: Mapping[str, Mapping[str, str]]) -> None:
    """As SNS and SQS take them."""
    assert len(attributes) <= 10
    for name, attribute in attributes.items():
        assert re.fullmatch("[A-Za-z_]+", name)
        assert attribute["DataType"] == "String"
        assert attribute["StringValue"]
        assert not _NOT_FOR_SQS.search(attribute["StringValue"]), f"{name} holds a character that SQS does not take"
