"""Two parts of the work, alone: reading the parameters out of an event, and verifying parameters that were read.

Each function takes the traffic and returns what is to be measured, as a function of an event.
"""

import base64
import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

Work = Callable[[dict[str, Any]], object]


def ours_parse(_traffic: dict[str, Any]) -> Work:
    from alipay_gateway.request import read_request

    return read_request


def diy_parse(_traffic: dict[str, Any]) -> Work:
    return lambda event: dict(parse_qsl(base64.b64decode(event["body"]).decode(), keep_blank_values=True))


def floor_parse(_traffic: dict[str, Any]) -> Work:
    from urllib.parse import unquote_to_bytes

    def parse(event: dict[str, Any]) -> object:
        pairs = (pair.partition(b"=") for pair in base64.b64decode(event["body"]).replace(b"+", b" ").split(b"&"))
        return {name: unquote_to_bytes(value) for name, _, value in pairs}

    return parse


def ours_verify(traffic: dict[str, Any]) -> Work:
    from alipay_gateway.keys import AppKeys, parse_keyring
    from alipay_gateway.request import read_request
    from alipay_gateway.signature import verify

    (keys,) = parse_keyring(traffic["secret"]).values()
    assert isinstance(keys, AppKeys)
    request = read_request(json.loads(traffic["genuine"][0]))
    return lambda _event: verify(request, keys)


def diy_verify(traffic: dict[str, Any]) -> Work:
    from alipay import AliPay  # type: ignore[import-not-found]

    (entry,) = json.loads(traffic["secret"]).values()
    alipay = AliPay(
        appid="a",
        app_notify_url=None,
        app_private_key_string=os.environ["DIY_APP_PRIVATE_KEY"],
        alipay_public_key_string="\n".join(
            ("-----BEGIN PUBLIC KEY-----", entry["alipay_public_keys"][0], "-----END PUBLIC KEY-----")
        ),
        sign_type="RSA2",
    )
    values = diy_parse(traffic)(json.loads(traffic["genuine"][0]))
    assert isinstance(values, dict)
    signature = values.pop("sign")
    return lambda _event: alipay.verify(dict(values), signature)


def floor_verify(traffic: dict[str, Any]) -> Work:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    (entry,) = json.loads(traffic["secret"]).values()
    key: Any = load_der_public_key(base64.b64decode(entry["alipay_public_keys"][0]))
    padding, algorithm = PKCS1v15(), SHA256()
    values = floor_parse(traffic)(json.loads(traffic["genuine"][0]))
    assert isinstance(values, dict)
    signature = base64.b64decode(values.pop(b"sign"))
    signed = sorted(item for item in values.items() if item[0] != b"sign_type")
    content = b"&".join(name + b"=" + value for name, value in signed)
    return lambda _event: key.verify(signature, content, padding, algorithm)
