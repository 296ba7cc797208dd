"""What the simulated Alipay signs or encrypts, the SDKs verify and decrypt, but for what they are known not to."""

import pytest

from local.alipay import Convention
from local.conformance.app import App
from local.conformance.drivers import Driver, SdkRaised, Sdks
from local.messages import OPERATION_RESULT, Message
from tests.conformance.cases import AES_BITS, CHARSETS, CONVENTIONS, MESSAGES, SIGN_TYPES, parameters_of


def form_by(app: App, message: Message, charset: str, convention: Convention, sign_type: str) -> str:
    parameters = parameters_of(message, charset=charset, sign_type=sign_type)
    return app.alipay.sign(parameters, charset, convention).form().decode()


@pytest.mark.parametrize("sign_type", SIGN_TYPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("message", MESSAGES)
def test_alipay_sdk_python_verifies_when_it_is_told_charset_and_convention(
    sdks: Sdks, app: App, message: Message, charset: str, convention: Convention, sign_type: str
) -> None:
    found = sdks.alipay_sdk_python.ask(
        "verify",
        form=form_by(app, message, charset, convention, sign_type),
        public_key=app.alipay.public_key,
        encoding=charset,
        keep_sign_type=convention is Convention.V2,
    )

    assert (found["verified"], found["parameters"]["biz_content"]) == (True, message.biz_content)


def test_alipay_sdk_python_refuses_the_other_convention(sdks: Sdks, app: App) -> None:
    form = form_by(app, OPERATION_RESULT, "UTF-8", Convention.V2, "RSA2")

    with pytest.raises(SdkRaised, match="VerificationError"):
        sdks.alipay_sdk_python.ask("verify", form=form, public_key=app.alipay.public_key)


@pytest.mark.parametrize("sign_type", SIGN_TYPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("message", MESSAGES)
def test_python_alipay_sdk_verifies_v1_in_utf_8(
    sdks: Sdks, app: App, message: Message, charset: str, convention: Convention, sign_type: str
) -> None:
    form = form_by(app, message, charset, convention, sign_type)
    found = sdks.python_alipay_sdk.ask("verify", form=form, keys=app.python_keys(), sign_type=sign_type)

    in_utf_8 = charset == "UTF-8" or message.biz_content.isascii()
    assert found["verified"] is (in_utf_8 and convention is Convention.V1)


@pytest.mark.parametrize("call", ["checkNotifySign", "checkNotifySignV2"])
@pytest.mark.parametrize("sign_type", SIGN_TYPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("message", MESSAGES)
def test_the_node_sdk_verifies_both_conventions_in_utf_8(
    node: Driver, app: App, message: Message, charset: str, convention: Convention, sign_type: str, call: str
) -> None:
    form = form_by(app, message, charset, convention, sign_type)
    found = node.ask("verify", form=form, config=app.node_config(), raw=call == "checkNotifySignV2")

    assert found["verified"] is (charset == "UTF-8" or message.biz_content.isascii())


@pytest.mark.parametrize("bits", AES_BITS)
@pytest.mark.parametrize("message", MESSAGES)
def test_the_node_sdk_verifies_and_decrypts(
    node: Driver, apps_with_aes: dict[int, App], message: Message, bits: int
) -> None:
    app = apps_with_aes[bits]
    signed = app.alipay.notification(app_id="2014060600164699", **vars(message), encrypt=True)
    found = node.ask("verify", form=signed.form().decode(), config=app.node_config())

    plaintext = node.ask("decrypt", content=found["parameters"]["biz_content"], config=app.node_config())
    assert (found["verified"], plaintext) == (True, message.biz_content)


@pytest.mark.parametrize("call", ["encrypt", "decrypt"])
def test_alipay_sdk_python_has_no_working_aes(sdks: Sdks, app: App, call: str) -> None:
    """When this fails, the SDK has been mended: let it encrypt for the gateway, as the Node SDK does."""
    content = app.alipay.notification(app_id="2014060600164699", **vars(OPERATION_RESULT), encrypt=True).parameters[
        "biz_content"
    ]

    with pytest.raises(SdkRaised, match="TypeError"):
        sdks.alipay_sdk_python.ask(call, content=content, key=app.alipay.aes_key, charset="UTF-8")
