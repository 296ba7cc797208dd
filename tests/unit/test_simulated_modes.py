"""The simulated Alipay in version 1.0 and in certificate mode, checked with primitives of the test's own."""

import base64
import json
from hashlib import md5
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from local.alipay import SignedNotification, SimulatedAlipay
from local.alipay_command import main
from local.messages import PAYMENT

Capture = pytest.CaptureFixture[str]


def verify_v1(certificate: str, parameters: dict[str, str]) -> None:
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    content = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters.keys() - {"sign", "sign_type"}))
    key.verify(base64.b64decode(parameters["sign"]), content.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(scope="module")
def payment(alipay: SimulatedAlipay) -> SignedNotification:
    return alipay.flat_notification(app_id="app", **vars(PAYMENT), notify_id="n", sent_ms=1_627_617_605_999)


def test_a_flat_notification_has_its_fields_beside_the_common_parameters(payment: SignedNotification) -> None:
    assert {name: payment.parameters[name] for name in PAYMENT.fields} == PAYMENT.fields
    assert payment.parameters.keys() - PAYMENT.fields.keys() == {
        *("notify_id", "notify_type", "notify_time", "app_id", "charset", "version", "sign_type", "sign")
    }
    assert (payment.parameters["version"], payment.parameters["notify_type"]) == ("1.0", "trade_status_sync")


def test_its_time_is_beijing_time_to_the_second_and_a_retry_refreshes_it(
    alipay: SimulatedAlipay, payment: SignedNotification
) -> None:
    again = alipay.retry(payment, sent_ms=1_627_617_725_000)
    times = payment.parameters["notify_time"], again.parameters["notify_time"]
    assert times == ("2021-07-30 12:00:05", "2021-07-30 12:02:05")
    assert again.parameters["notify_id"] == "n"


def test_the_data_of_a_payment_is_compact_json() -> None:
    assert json.loads(PAYMENT.data) == PAYMENT.fields
    assert '"subject":"西湖龙井 & 茶点"' in PAYMENT.data


def test_in_certificate_mode_the_sn_is_sent_and_signed(alipay: SimulatedAlipay) -> None:
    certified = alipay.with_certificate()
    parameters = dict(certified.notification(app_id="app", msg_method="m", biz_content="{}").parameters)
    certificate = certified.certificate or ""
    serial = load_pem_x509_certificate(certificate.encode()).serial_number
    issuer = "CN=Ant Financial Certification Authority Class 2 R1,OU=Certification Authority,O=Ant Financial,C=CN"
    assert parameters["alipay_cert_sn"] == md5(f"{issuer}{serial}".encode(), usedforsecurity=False).hexdigest()
    assert certified.keyring_entry()["alipay_public_keys"] == [certificate]
    verify_v1(certificate, parameters)


def test_keygen_makes_a_certificate_and_send_uses_it(tmp_path: Path, capsys: Capture) -> None:
    key, cert = str(tmp_path / "k.pem"), str(tmp_path / "c.pem")
    assert main(["keygen", "--key", key, "--cert", cert, "--app-id", "2021"]) == 0
    certificate = Path(cert).read_text()
    assert json.loads(capsys.readouterr().out) == {"2021": {"alipay_public_keys": [certificate]}}

    assert main(["sign", "--key", key, "--cert", cert, "--message", "payment", "--set", "subject=茶"]) == 0
    parameters = dict(parse_qsl(capsys.readouterr().out.rstrip("\n"), keep_blank_values=True))
    assert (parameters["version"], parameters["subject"], parameters["passback_params"]) == ("1.0", "茶", "")
    assert len(parameters["alipay_cert_sn"]) == 32
    verify_v1(certificate, parameters)


@pytest.mark.parametrize("option", [["--encrypt", "--aes-key", "MDEyMzQ1Njc4OWFiY2RlZg=="], ["--biz-content", "{}"]])
def test_a_payment_has_no_biz_content(option: list[str], capsys: Capture) -> None:
    assert main(["sign", "--forge", "--message", "payment", *option]) == 2
    assert "no biz_content" in capsys.readouterr().err
