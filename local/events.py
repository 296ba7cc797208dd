"""`make events`: sample HTTP API events for `sam local invoke`, the tests and the documentation.

They are signed with a development key that is thrown away when the last one is written: `events/` holds only its
public half, in keyring.json. All files are made anew together, since they verify only together.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl

from local.alipay import Convention, SignedNotification, SimulatedAlipay, generate_aes_key
from local.messages import OPERATION_RESULT, ORDER_SETTLE, PAYMENT, SHOP_REJECTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIRECTORY = Path(__file__).parents[1] / "events"
APP_ID, CERTIFIED_APP_ID = "2014060600164699", "2014060600164700"
SENT_MS = 1_627_617_605_000
"""When the samples were sent, epoch milliseconds: 2021-07-30 12:00:05 in Beijing."""
MSG_METHODS = (
    *(message.msg_method for message in (OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED)),
    PAYMENT.notify_type,
)

Carrier = Literal["base64 body", "plain body", "query"]
"""Where API Gateway puts the parameters: it encodes a form body, `sam local start-api` may not."""

_PATH = "/alipay/notify"
_ROUTE_KEY = f"POST {_PATH}"
_API_ID = "a1b2c3d4e5"
_DOMAIN = f"{_API_ID}.execute-api.us-east-1.amazonaws.com"
_SOURCE_IP = "203.0.113.10"
_USER_AGENT = "Mozilla/4.0"


def sample_events(alipay: SimulatedAlipay, certified: SimulatedAlipay) -> dict[str, dict[str, Any]]:
    """File name → event. `certified` is the Alipay of another app, which is in certificate mode."""
    event = partial(http_api_event, received_ms=SENT_MS + 350)
    signed = partial(alipay.notification, app_id=APP_ID, utc_timestamp=SENT_MS)
    operation = partial(signed, **vars(OPERATION_RESULT))
    settle = partial(signed, **vars(ORDER_SETTLE), charset="GBK", convention=Convention.V2)
    shop = partial(signed, **vars(SHOP_REJECTED))

    first = settle(notify_id=_notify_id("settle"))
    again_ms = SENT_MS + 120_000
    dearer = ORDER_SETTLE.biz_content.replace("10.00", "90.00")
    unknown = shop(msg_method="ant.merchant.expand.shop.save.passed", notify_id=_notify_id("unknown"))
    payment = partial(alipay.flat_notification, app_id=APP_ID, sent_ms=SENT_MS, **vars(PAYMENT))
    in_certificate_mode = partial(certified.notification, app_id=CERTIFIED_APP_ID, utc_timestamp=SENT_MS)
    return {
        "operation-result.json": event(operation(notify_id=_notify_id("operation"))),
        "order-settle-gbk.json": event(first),
        "shop-rejected-aes.json": event(shop(notify_id=_notify_id("shop"), encrypt=True)),
        "query-string-gbk.json": event(settle(notify_id=_notify_id("query")), carrier="query"),
        "plain-body.json": event(shop(notify_id=_notify_id("plain")), carrier="plain body"),
        "payment.json": event(payment(notify_id=_notify_id("payment"))),
        "certificate.json": event(in_certificate_mode(**vars(ORDER_SETTLE), notify_id=_notify_id("certificate"))),
        "duplicate.json": event(alipay.retry(first, sent_ms=again_ms), received_ms=again_ms + 350),
        "unknown-method.json": event(unknown),
        "tampered.json": event(settle(notify_id=_notify_id("tampered")).with_parameter("biz_content", dearer)),
    }


def http_api_event(
    notification: SignedNotification, *, received_ms: int, carrier: Carrier = "base64 body"
) -> dict[str, Any]:
    """The event, payload format 2.0, in which an HTTP API hands a notification to its function."""
    form = notification.form()
    query, body = (form, b"") if carrier == "query" else (b"", form)
    received = datetime.fromtimestamp(received_ms / 1000, UTC)
    trace = sha256(form).hexdigest()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": _ROUTE_KEY,
        "rawPath": _PATH,
        "rawQueryString": query.decode("ascii"),
        "headers": {
            "content-length": str(len(body)),
            "content-type": notification.content_type,
            "host": _DOMAIN,
            "user-agent": _USER_AGENT,
            "x-amzn-trace-id": f"Root=1-{received_ms // 1000:08x}-{trace[:24]}",
            "x-forwarded-for": _SOURCE_IP,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": _API_ID,
            "domainName": _DOMAIN,
            "domainPrefix": _API_ID,
            "http": {
                "method": "POST",
                "path": _PATH,
                "protocol": "HTTP/1.1",
                "sourceIp": _SOURCE_IP,
                "userAgent": _USER_AGENT,
            },
            "requestId": f"{trace[24:35]}=",
            "routeKey": _ROUTE_KEY,
            "stage": "$default",
            "time": received.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": received_ms,
        },
    }
    if query:  # API Gateway decodes these as UTF-8 whatever the charset, which ruins GBK: the sample shows it
        event["queryStringParameters"] = dict(
            parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="replace")
        )
    if body:
        encoded = carrier == "base64 body"
        event["body"] = (base64.b64encode(body) if encoded else body).decode("ascii")
    return {**event, "isBase64Encoded": bool(body) and carrier == "base64 body"}


def write_events(directory: Path) -> None:
    """Write every event and the keyring that verifies them, under a key pair made here and forgotten."""
    alipay = SimulatedAlipay.generate(aes_key=generate_aes_key())
    certified = SimulatedAlipay.generate().with_certificate(days=3650)
    for name, event in sample_events(alipay, certified).items():
        _write_json(directory / name, event)
    keyring = {APP_ID: alipay.keyring_entry(), CERTIFIED_APP_ID: certified.keyring_entry()}
    _write_json(directory / "keyring.json", keyring)


def write_env(
    path: Path,
    *,
    ledger_table: str = "alipay-gateway-ledger",
    endpoint: str = "http://host.docker.internal:4566",
    stack: str = "alipay-gateway",
    region: str = "us-east-1",
    account: str = "000000000000",
    msg_methods: Sequence[str] = MSG_METHODS,
) -> None:
    """Write an env file with which `sam local invoke` runs the function on a stack's resources.

    `endpoint` is as seen from the container. A century of retention keeps the old samples acceptable.
    """
    topics = f"arn:aws:sns:{region}:{account}:{stack}-"
    variables: Mapping[str, str] = {
        "AWS_ENDPOINT_URL": endpoint,
        "LEDGER_TABLE": ledger_table,
        "TOPIC_ARN_PREFIX": topics,
        "MSG_METHODS": ",".join(msg_methods),
        "UNROUTED_TOPIC_ARN": f"{topics}unrouted",
        "KEYRING_SECRET_ID": f"{stack}/keyring",
        "RETENTION_DAYS": "36500",
    }
    _write_json(path, {"Gateway": variables})


def _notify_id(name: str) -> str:
    """The same id for a sample every time it is made, 34 characters like the documents' own."""
    return sha256(name.encode()).hexdigest()[:34]


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    write_events(DIRECTORY)
    write_env(DIRECTORY / "env.json")
    print(f"Wrote {len(list(DIRECTORY.glob('*.json')))} files to {DIRECTORY.name}/")


if __name__ == "__main__":
    main()
