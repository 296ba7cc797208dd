"""What is sent: signed before anything is measured, and small enough in the cold start not to be a part of it."""

import json
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from time import time

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from local.alipay import Convention, SimulatedAlipay
from local.events import http_api_event
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED

APP = "2021000000000001"
NOTIFICATIONS = 1000
_PREFIX = "arn:aws:sns:us-east-1:123456789012:gateway-"


@dataclass(frozen=True)
class Traffic:
    """Files of events, and the environment of every subject."""

    one: Path
    many: Path
    variables: dict[str, str]


def write(folder: Path) -> Traffic:
    """Three kinds of notifications in turns: UTF-8, V1, so that all subjects can verify them."""
    alipay = SimulatedAlipay.generate()
    kinds = cycle((ORDER_SETTLE, OPERATION_RESULT, SHOP_REJECTED))
    signed = [
        alipay.notification(app_id=APP, **vars(m), convention=Convention.V1) for m in islice(kinds, NOTIFICATIONS)
    ]
    now_ms = int(time() * 1000)
    genuine = [json.dumps(http_api_event(n, received_ms=now_ms)) for n in signed]
    forged = [json.dumps(http_api_event(n.with_parameter("version", "1.0"), received_ms=now_ms)) for n in signed]
    secret = json.dumps({APP: alipay.keyring_entry()})
    folder.mkdir(parents=True, exist_ok=True)
    one, many = folder / "one.json", folder / "many.json"
    one.write_text(json.dumps({"secret": secret, "genuine": genuine[:1]}))
    many.write_text(json.dumps({"secret": secret, "genuine": genuine, "forged": forged}))
    return Traffic(one, many, _variables())


def _variables() -> dict[str, str]:
    own_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = own_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "LEDGER_TABLE": "ledger",
        "TOPIC_ARN_PREFIX": _PREFIX,
        "MSG_METHODS": ",".join(m.msg_method for m in (ORDER_SETTLE, OPERATION_RESULT, SHOP_REJECTED)),
        "UNROUTED_TOPIC_ARN": f"{_PREFIX}unrouted",
        "KEYRING_SECRET_ID": "keyring",
        "RETENTION_DAYS": "30",
        "POWERTOOLS_SERVICE_NAME": "gateway",
        "DIY_APP_PRIVATE_KEY": pem,
    }
