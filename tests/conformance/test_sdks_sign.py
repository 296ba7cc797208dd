"""What an SDK signs or encrypts, the function verifies, decrypts and publishes to the letter."""

import json
from urllib.parse import parse_qs, urlencode

import pytest

from local.alipay import Convention
from local.conformance.app import App
from local.conformance.deliveries import PAYMENT
from local.conformance.drivers import Driver, Sdks
from local.messages import SHOP_REJECTED, Message
from tests.conformance.cases import (
    AES_BITS,
    CHARSETS,
    CONVENTIONS,
    MESSAGES,
    SIGN_TYPES,
    parameters_of,
    signed_part,
)
from tests.conformance.conftest import Publish

FIELDS = {name: PAYMENT[name] for name in ("subject", "body", "total_amount", "trade_status")}


def form_in(charset: str, parameters: dict[str, str]) -> bytes:
    return urlencode(parameters, encoding=charset).encode()


@pytest.mark.parametrize("sign_type", SIGN_TYPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("message", MESSAGES)
def test_what_alipay_sdk_python_signs_is_published(
    sdks: Sdks, app: App, published: Publish, message: Message, charset: str, convention: Convention, sign_type: str
) -> None:
    parameters = parameters_of(message, charset=charset, sign_type=sign_type)
    signed = signed_part(parameters, convention)
    key = {"private_key": app.private_key_pkcs1, "sign_type": sign_type, "charset": charset}
    sign = sdks.alipay_sdk_python.ask("sign", parameters=signed, **key)

    assert published(form_in(charset, {**parameters, "sign": sign}), sign_type=sign_type) == message.biz_content


@pytest.mark.parametrize("sign_type", SIGN_TYPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("message", MESSAGES)
def test_what_python_alipay_sdk_signs_is_published(
    sdks: Sdks, app: App, published: Publish, message: Message, convention: Convention, sign_type: str
) -> None:
    signed = signed_part(parameters_of(message, sign_type=sign_type), convention)
    whole: str = sdks.python_alipay_sdk.ask("sign", parameters=signed, keys=app.python_keys(), sign_type=sign_type)
    if convention is Convention.V1:
        whole += f"&sign_type={sign_type}"

    assert published(whole.encode(), sign_type=sign_type) == message.biz_content


@pytest.mark.parametrize("sign_type", SIGN_TYPES)
@pytest.mark.parametrize("message", MESSAGES)
def test_what_the_node_sdk_signs_is_published(
    node: Driver, app: App, published: Publish, message: Message, sign_type: str
) -> None:
    whole = node_form(node, app, message, sign_type=sign_type)

    # The SDK writes the JSON anew, 10.00 as 10; what it has written is what must come out.
    (biz_content,) = parse_qs(whole)["biz_content"]
    assert json.loads(biz_content) == json.loads(message.biz_content)
    assert published(whole.encode(), sign_type=sign_type) == biz_content


@pytest.mark.parametrize("message", MESSAGES)
def test_a_content_of_v1_that_the_node_sdk_signs_is_published(
    node: Driver, app: App, published: Publish, message: Message
) -> None:
    parameters = parameters_of(message)
    signed = signed_part(parameters, Convention.V1)
    text = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
    sign = node.ask("signText", text=text, config=app.node_config())

    assert published(form_in("UTF-8", {**parameters, "sign": sign})) == message.biz_content


@pytest.mark.parametrize("bits", AES_BITS)
@pytest.mark.parametrize("message", MESSAGES)
def test_what_the_node_sdk_encrypts_and_signs_is_published_in_plain(
    node: Driver, published: Publish, apps_with_aes: dict[int, App], message: Message, bits: int
) -> None:
    app = apps_with_aes[bits]
    whole = node_form(node, app, message, needEncrypt=True)

    (ciphertext,) = parse_qs(whole)["biz_content"]
    plaintext = node.ask("decrypt", content=ciphertext, config=app.node_config())
    assert json.loads(plaintext) == json.loads(message.biz_content)
    assert published(whole.encode(), by=app) == plaintext


def test_a_flat_payment_that_alipay_sdk_python_signs_is_published(sdks: Sdks, app: App, published: Publish) -> None:
    key = {"private_key": app.private_key_pkcs1, "sign_type": "RSA2", "charset": "UTF-8"}
    sign = sdks.alipay_sdk_python.ask("sign", parameters=signed_part(PAYMENT, Convention.V1), **key)

    assert json.loads(published(form_in("UTF-8", {**PAYMENT, "sign": sign}))) == FIELDS


def test_a_flat_payment_that_python_alipay_sdk_signs_is_published(sdks: Sdks, app: App, published: Publish) -> None:
    given = {"parameters": PAYMENT, "keys": app.python_keys(), "sign_type": "RSA2"}
    whole: str = sdks.python_alipay_sdk.ask("sign", **given)

    assert json.loads(published(whole.encode())) == FIELDS


def test_what_python_alipay_sdk_signs_in_certificate_mode_is_published(
    sdks: Sdks, app: App, published: Publish
) -> None:
    sn = sdks.python_alipay_sdk.ask("cert_sn", certificate=app.certificate)
    signed = parameters_of(SHOP_REJECTED, alipay_cert_sn=sn)
    given = {"parameters": signed, "keys": app.python_keys(certified=True), "sign_type": "RSA2"}
    whole: str = sdks.python_alipay_sdk.ask("sign", **given)

    assert published(whole.encode(), certified=True) == SHOP_REJECTED.biz_content


def test_what_the_node_sdk_signs_in_certificate_mode_is_published(node: Driver, app: App, published: Publish) -> None:
    sn = node.ask("certSn", config=app.node_config(certified=True))
    whole = node_form(node, app, SHOP_REJECTED, alipay_cert_sn=sn)

    assert json.loads(published(whole.encode(), certified=True)) == json.loads(SHOP_REJECTED.biz_content)


def node_form(node: Driver, app: App, message: Message, *, sign_type: str = "RSA2", **further: str | bool) -> str:
    """The message as the SDK signs what it sends itself: V2, with a `method` and a `timestamp` of its own."""
    common = parameters_of(message, sign_type=sign_type)
    parameters = {**common, "biz_content": json.loads(message.biz_content), **further}
    config = {**app.node_config(), "signType": sign_type}
    whole: str = node.ask("sign", method=message.msg_method, parameters=parameters, config=config)
    return whole
