"""The sample events, as committed and as `make events` makes them, checked with primitives of the test's own."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

from local.events import write_env, write_events
from local.messages import OPERATION_RESULT, ORDER_SETTLE, PAYMENT, SHOP_REJECTED

COMMITTED = Path(__file__).parents[2] / "events"
GENUINE = [
    "operation-result.json",
    "order-settle-gbk.json",
    "shop-rejected-aes.json",
    "query-string-gbk.json",
    "plain-body.json",
    "payment.json",
    "certificate.json",
    "duplicate.json",
    "unknown-method.json",
]
EVENTS = [*GENUINE, "tampered.json"]
APP_ID = "2014060600164699"


@pytest.fixture(scope="module", params=["committed", "made anew"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "committed":
        return COMMITTED
    made = tmp_path_factory.mktemp("events")
    write_events(made)
    write_env(made / "env.json")
    return made


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def parameters_of(event: dict[str, Any]) -> dict[str, bytes]:
    """The parameters' bytes, percent-decoded once, from wherever the event carries them."""
    body = event.get("body", "")
    form = base64.b64decode(body, validate=True).decode("ascii") if event["isBase64Encoded"] else body
    pairs = [pair.split("=") for pair in (form or event["rawQueryString"]).split("&")]
    return {name: unquote_to_bytes(value.replace("+", " ")) for name, value in pairs}


def verify(event: dict[str, Any], keyring: dict[str, Any], *, left_out: set[str]) -> None:
    parameters = parameters_of(event)
    (entry,) = keyring[parameters["app_id"].decode()]["alipay_public_keys"]
    if entry.startswith("-----BEGIN CERTIFICATE"):
        key: object = load_pem_x509_certificate(entry.encode()).public_key()
    else:
        key = load_der_public_key(base64.b64decode(entry, validate=True))
    assert isinstance(key, rsa.RSAPublicKey)
    content = b"&".join(name.encode() + b"=" + parameters[name] for name in sorted(parameters.keys() - left_out))
    key.verify(base64.b64decode(parameters["sign"], validate=True), content, padding.PKCS1v15(), hashes.SHA256())


def test_the_list_of_files_is_complete(directory: Path) -> None:
    files = {path.name for path in directory.iterdir()}
    assert files == {*EVENTS, "keyring.json", "env.json"}


def test_no_private_key_is_kept(directory: Path) -> None:
    for path in directory.iterdir():
        assert "PRIVATE" not in path.read_text(encoding="utf-8").upper(), path.name
    assert set(load(directory / "keyring.json")[APP_ID]) == {"alipay_public_keys", "aes_keys"}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_in_payload_format_2_0(directory: Path, name: str) -> None:
    event = load(directory / name)
    body = {"body"} if event["rawQueryString"] == "" else {"queryStringParameters"}
    common = {"version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"}
    assert set(event) == common | body
    assert (event["version"], event["routeKey"]) == ("2.0", "POST /alipay/notify")
    context = event["requestContext"]
    assert context["http"]["method"] == "POST"
    assert context["http"]["path"] == event["rawPath"] == "/alipay/notify"
    assert event["headers"]["host"] == context["domainName"]
    assert event["headers"]["content-type"].startswith("application/x-www-form-urlencoded; charset=")
    raw = event.get("body", "")
    length = len(base64.b64decode(raw)) if event["isBase64Encoded"] else len(raw)
    assert event["headers"]["content-length"] == str(length)


@pytest.mark.parametrize("name", GENUINE)
def test_a_genuine_event_verifies_by_exactly_one_convention(directory: Path, name: str) -> None:
    event, keyring = load(directory / name), load(directory / "keyring.json")
    v2 = parameters_of(event)["charset"] == b"GBK"
    verify(event, keyring, left_out={"sign"} if v2 else {"sign", "sign_type"})
    with pytest.raises(InvalidSignature):
        verify(event, keyring, left_out={"sign", "sign_type"} if v2 else {"sign"})


@pytest.mark.parametrize("left_out", [{"sign"}, {"sign", "sign_type"}], ids=["V2", "V1"])
def test_the_tampered_event_does_not_verify(directory: Path, left_out: set[str]) -> None:
    event, keyring = load(directory / "tampered.json"), load(directory / "keyring.json")
    with pytest.raises(InvalidSignature):
        verify(event, keyring, left_out=left_out)


def test_the_tampered_event_differs_in_the_amount_alone(directory: Path) -> None:
    event, keyring = load(directory / "tampered.json"), load(directory / "keyring.json")
    form = base64.b64decode(event["body"]).replace(b"%22amount%22%3A90.00", b"%22amount%22%3A10.00")
    verify({**event, "body": base64.b64encode(form).decode()}, keyring, left_out={"sign"})


@pytest.mark.parametrize(
    ("name", "codec", "biz_content"),
    [
        ("operation-result.json", "utf-8", OPERATION_RESULT.biz_content),
        ("order-settle-gbk.json", "gbk", ORDER_SETTLE.biz_content),
        ("query-string-gbk.json", "gbk", ORDER_SETTLE.biz_content),
        ("plain-body.json", "utf-8", SHOP_REJECTED.biz_content),
    ],
)
def test_biz_content_is_the_message_in_its_charset(directory: Path, name: str, codec: str, biz_content: str) -> None:
    assert parameters_of(load(directory / name))["biz_content"] == biz_content.encode(codec)


def test_the_encrypted_event_decrypts_with_the_keyrings_aes_key(directory: Path) -> None:
    parameters = parameters_of(load(directory / "shop-rejected-aes.json"))
    assert parameters["encrypt_type"] == b"AES"
    aes_key = base64.b64decode(load(directory / "keyring.json")[APP_ID]["aes_keys"][0], validate=True)
    decryptor = Cipher(algorithms.AES(aes_key), modes.CBC(bytes(16))).decryptor()
    padded = decryptor.update(base64.b64decode(parameters["biz_content"], validate=True)) + decryptor.finalize()
    assert padded[: -padded[-1]].decode() == SHOP_REJECTED.biz_content


def test_the_duplicate_is_the_settle_event_sent_again(directory: Path) -> None:
    first = parameters_of(load(directory / "order-settle-gbk.json"))
    again = parameters_of(load(directory / "duplicate.json"))
    assert {name for name in first if first[name] != again[name]} == {"utc_timestamp", "sign"}
    assert int(again["utc_timestamp"]) - int(first["utc_timestamp"]) == 120_000


def test_all_other_events_are_notifications_of_their_own(directory: Path) -> None:
    ids = [parameters_of(load(directory / name))["notify_id"] for name in EVENTS if name != "duplicate.json"]
    assert len(set(ids)) == len(ids)


def test_the_unknown_method_has_no_topic_of_its_own(directory: Path) -> None:
    method = parameters_of(load(directory / "unknown-method.json"))["msg_method"].decode()
    assert method not in load(directory / "env.json")["Gateway"]["MSG_METHODS"].split(",")


def test_query_string_parameters_are_ruined_as_api_gateway_ruins_gbk(directory: Path) -> None:
    event = load(directory / "query-string-gbk.json")
    assert "�" in event["queryStringParameters"]["biz_content"]
    assert dict(parse_qsl(event["rawQueryString"], encoding="gbk", errors="strict"))["biz_content"] == (
        ORDER_SETTLE.biz_content
    )


def test_the_env_file_names_the_resources_of_the_local_stack(tmp_path: Path) -> None:
    write_env(tmp_path / "env.json", ledger_table="made-up", stack="mine", endpoint="http://10.0.0.1:1")
    variables = load(tmp_path / "env.json")["Gateway"]
    assert variables == {
        "AWS_ENDPOINT_URL": "http://10.0.0.1:1",
        "LEDGER_TABLE": "made-up",
        "TOPIC_ARN_PREFIX": "arn:aws:sns:us-east-1:000000000000:mine-",
        "MSG_METHODS": f"{OPERATION_RESULT.msg_method},{ORDER_SETTLE.msg_method},{SHOP_REJECTED.msg_method},"
        f"{PAYMENT.notify_type}",
        "UNROUTED_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:mine-unrouted",
        "KEYRING_SECRET_ID": "mine/keyring",
        "RETENTION_DAYS": "36500",
    }
