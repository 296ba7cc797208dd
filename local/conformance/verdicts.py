"""What the gateway and each SDK make of a delivery."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from alipay_gateway.encryption import decrypt
from alipay_gateway.errors import NotificationError
from alipay_gateway.notification import read_notification
from alipay_gateway.request import read_request
from alipay_gateway.signature import verify
from local.conformance.app import App
from local.conformance.deliveries import Delivery
from local.conformance.drivers import Driver, SdkRaised


class Outcome(StrEnum):
    """Verified means to the letter too: what its user reads is what Alipay wrote."""

    VERIFIED = "verified"
    NOT_DECRYPTED = "verified, not decrypted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Verdict:
    """`way` names what a user must do beside the plain documented use; blank for that."""

    outcome: Outcome
    way: str = ""


Judge = Callable[[App, Delivery], Verdict]
Attempt = tuple[str, Callable[[], dict[str, Any]]]
"""A way and the verification that it leads to."""


def gateway(app: App, delivery: Delivery) -> Verdict:
    event = {
        "rawQueryString": delivery.query,
        "body": base64.b64encode(delivery.body.encode("ascii")).decode("ascii"),
        "isBase64Encoded": True,
    }
    keys = app.keys(delivery.sign_type, certified=delivery.in_certificate_mode)
    try:
        request = read_request(event)
        verify(request, keys)
        notification = read_notification(request, lambda raw, codecs: decrypt(raw, keys.aes_keys, codecs))
    except NotificationError:
        return Verdict(Outcome.REFUSED)
    read = notification.data if delivery.biz_content else json.loads(notification.data)
    _require_to_the_letter(delivery, read == (delivery.biz_content or delivery.fields))
    return Verdict(Outcome.VERIFIED)


def node(driver: Driver, app: App, delivery: Delivery) -> Verdict:
    # Its documentation shows the query and the body alike.
    config = app.node_config(certified=delivery.in_certificate_mode)
    check = partial(driver.ask, "verify", form=delivery.form, config=config)
    attempts: list[Attempt] = [("", check), ("V2", partial(check, raw=True))]
    return _verdict(delivery, attempts, lambda text: driver.ask("decrypt", content=text, config=config))


def alipay_sdk_python(driver: Driver, app: App, delivery: Delivery) -> Verdict:
    check = partial(driver.ask, "verify", public_key=app.alipay.public_key)
    attempts: list[Attempt] = [
        *_through_a_framework(check, delivery),
        ("sign_type", partial(check, form=delivery.body, keep_sign_type=True)),
    ]
    key = {"key": app.alipay.aes_key, "charset": delivery.charset}
    return _verdict(delivery, attempts, lambda text: driver.ask("decrypt", content=text, **key))


def python_alipay_sdk(driver: Driver, app: App, delivery: Delivery) -> Verdict:
    keys = app.python_keys(certified=delivery.in_certificate_mode)
    check = partial(driver.ask, "verify", keys=keys, sign_type=delivery.sign_type)
    return _verdict(delivery, _through_a_framework(check, delivery), None)


def _through_a_framework(check: Callable[..., dict[str, Any]], delivery: Delivery) -> list[Attempt]:
    """The form as UTF-8, as Flask gives it; in the charset of the Content-Type, as Django does; the query."""
    return [
        ("", partial(check, form=delivery.body)),
        ("charset", partial(check, form=delivery.body, encoding=delivery.charset)),
        ("query", partial(check, form=delivery.query)),
    ]


def _verdict(delivery: Delivery, attempts: Iterable[Attempt], decrypted: Callable[[str], str] | None) -> Verdict:
    """The first of the ways on which the delivery verifies."""
    for way, attempt in attempts:
        try:
            answer = attempt()
        except SdkRaised:
            continue
        if answer["verified"]:
            parameters = answer["parameters"]
            if delivery.encrypted:
                return Verdict(_decryption(delivery, parameters["biz_content"], decrypted), way)
            fields = {"biz_content": delivery.biz_content} if delivery.biz_content else delivery.fields
            _require_to_the_letter(delivery, all(parameters[name] == fields[name] for name in fields))
            return Verdict(Outcome.VERIFIED, way)
    return Verdict(Outcome.REFUSED)


def _decryption(delivery: Delivery, ciphertext: str, decrypted: Callable[[str], str] | None) -> Outcome:
    try:
        text = decrypted(ciphertext) if decrypted else None
    except SdkRaised:
        text = None
    return Outcome.VERIFIED if text == delivery.biz_content else Outcome.NOT_DECRYPTED


def _require_to_the_letter(delivery: Delivery, same: bool) -> None:  # noqa: FBT001
    if not same:
        raise AssertionError(f"Verified, but not what was signed: {delivery}")
