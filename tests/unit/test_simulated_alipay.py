"""The simulated Alipay, checked against the protocol with primitives of its own."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from local.alipay import (
    Answer,
    Convention,
    SignedNotification,
    SimulatedAlipay,
    deliver,
    deliver_with_retries,
    encrypt,
    generate_aes_key,
)
from local.alipay_command import DEFAULT_APP_ID, main
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED, Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AES_KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="  # 0123456789abcdef
SENT_MS = 1_516_797_622_752


@pytest.fixture(scope="module")
def alipay() -> SimulatedAlipay:
    return SimulatedAlipay.generate(aes_key=AES_KEY)


@pytest.fixture
def notification(alipay: SimulatedAlipay) -> SignedNotification:
    return alipay.notification(
        app_id="app", msg_method="m", biz_content='{"a":"中 +&="}', notify_id="n", utc_timestamp=SENT_MS
    )


def verify(public_key: str, sign: str, content: bytes, algorithm: hashes.HashAlgorithm | None = None) -> None:
    key = load_der_public_key(base64.b64decode(public_key, validate=True))
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(sign, validate=True), content, padding.PKCS1v15(), algorithm or hashes.SHA256())


# ---- signing


@pytest.mark.parametrize(
    ("convention", "content"),
    [
        pytest.param(Convention.V1, "a=1&a1=2&b=&charset=UTF-8&name=中 +&%20", id="V1 leaves sign_type out"),
        pytest.param(Convention.V2, "a=1&a1=2&b=&charset=UTF-8&name=中 +&%20&sign_type=RSA2", id="V2 keeps sign_type"),
    ],
)
def test_signs_the_parameters_sorted_by_name(alipay: SimulatedAlipay, convention: Convention, content: str) -> None:
    parameters = {"name": "中 +&%20", "a1": "2", "sign_type": "RSA2", "charset": "UTF-8", "a": "1", "b": ""}
    signed = alipay.sign(parameters, "UTF-8", convention)
    verify(alipay.public_key, signed.parameters["sign"], content.encode())


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        pytest.param("GBK", "gbk", "支付宝", id="GBK"),
        pytest.param("gb2312", "gb2312", "支付宝", id="gb2312 in lower case"),
        pytest.param("GBK", "gb18030", "𠮷㐂€", id="text beyond GBK"),
        pytest.param("utf-8", "utf-8", "𠮷㐂€", id="UTF-8"),
    ],
)
def test_signs_and_sends_the_bytes_of_the_charset(alipay: SimulatedAlipay, charset: str, codec: str, text: str) -> None:
    signed = alipay.sign({"name": text, "charset": charset}, charset)
    verify(alipay.public_key, signed.parameters["sign"], f"charset={charset}&name={text}".encode(codec))
    assert unquote_to_bytes(signed.form().split(b"&")[0]) == b"name=" + text.encode(codec)
    assert signed.content_type == f"application/x-www-form-urlencoded; charset={charset}"


def test_openssl_accepts_the_signature(alipay: SimulatedAlipay, tmp_path: Path) -> None:
    signed = alipay.sign({"b": "中", "a": "1"}, "GBK")
    der = base64.b64decode(alipay.public_key)
    (tmp_path / "public.der").write_bytes(der)
    (tmp_path / "content").write_bytes(b"a=1&b=\xd6\xd0")
    (tmp_path / "signature").write_bytes(base64.b64decode(signed.parameters["sign"]))
    command = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", "public.der"]
    outcome = subprocess.run(  # noqa: S603  fixed words and a temporary folder
        [*command, "-signature", "signature", "content"], cwd=tmp_path, check=False, capture_output=True
    )
    assert (outcome.returncode, outcome.stdout) == (0, b"Verified OK\n")


@pytest.mark.parametrize(
    ("sign_type", "algorithm"),
    [
        pytest.param("RSA2", hashes.SHA256(), id="RSA2"),
        pytest.param("rsa2", hashes.SHA256(), id="rsa2 in lower case"),
        pytest.param("RSA", hashes.SHA1(), id="RSA"),  # noqa: S303  the protocol's old sign_type
        pytest.param("rsa", hashes.SHA1(), id="rsa in lower case"),  # noqa: S303
    ],
)
def test_the_sign_type_names_the_hash(alipay: SimulatedAlipay, sign_type: str, algorithm: hashes.HashAlgorithm) -> None:
    signed = alipay.sign({"a": "1", "sign_type": sign_type})
    verify(alipay.public_key, signed.parameters["sign"], b"a=1", algorithm)


def test_a_notification_is_a_version_1_1_message_in_the_documents_order(notification: SignedNotification) -> None:
    expected = {
        "charset": "UTF-8",
        "biz_content": '{"a":"中 +&="}',
        "msg_method": "m",
        "utc_timestamp": "1516797622752",
        "version": "1.1",
        "sign_type": "RSA2",
        "notify_id": "n",
        "app_id": "app",
        "sign": notification.parameters["sign"],
    }
    assert list(notification.parameters.items()) == list(expected.items())
    assert parse_qsl(notification.form().decode(), strict_parsing=True) == list(expected.items())


def test_extra_parameters_are_signed_too(alipay: SimulatedAlipay) -> None:
    signed = alipay.notification(
        app_id="app", msg_method="m", biz_content="{}", notify_id="n", utc_timestamp=1, extra={"msg_type": "sys"}
    )
    content = (
        b"app_id=app&biz_content={}&charset=UTF-8&msg_method=m&msg_type=sys&notify_id=n&utc_timestamp=1&version=1.1"
    )
    verify(alipay.public_key, signed.parameters["sign"], content)


def test_each_notification_has_an_id_of_its_own(alipay: SimulatedAlipay) -> None:
    ids = {alipay.notification(app_id="a", msg_method="m", biz_content="").parameters["notify_id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_retry_keeps_everything_but_the_time(alipay: SimulatedAlipay) -> None:
    first = alipay.notification(
        app_id="a",
        msg_method="m",
        biz_content="中",
        utc_timestamp=1,
        charset="GBK",
        convention=Convention.V2,
        extra={"notify_time": "1970-01-01 08:00:00"},
    )
    again = alipay.retry(first, sent_ms=120_001)
    changed = {name for name, value in first.parameters.items() if again.parameters[name] != value}
    assert changed == {"utc_timestamp", "notify_time", "sign"}
    assert again.parameters["utc_timestamp"] == "120001"
    assert again.parameters["notify_time"] == "1970-01-01 08:02:00"
    content = "&".join(f"{n}={again.parameters[n]}" for n in sorted(again.parameters) if n != "sign")
    verify(alipay.public_key, again.parameters["sign"], content.encode("gbk"))


# ---- tampering


def test_a_changed_parameter_keeps_its_place_and_the_old_signature(notification: SignedNotification) -> None:
    tampered = notification.with_parameter("app_id", "other")
    assert list(tampered.parameters) == list(notification.parameters)
    changed = {n for n in notification.parameters if tampered.parameters[n] != notification.parameters[n]}
    assert changed == {"app_id"}


def test_a_parameter_can_be_added(notification: SignedNotification) -> None:
    added = notification.with_parameter("x", "1")
    assert added.parameters == {**notification.parameters, "x": "1"}


def test_a_parameter_can_be_taken_out(notification: SignedNotification) -> None:
    fewer = notification.without("sign")
    assert {**fewer.parameters, "sign": notification.parameters["sign"]} == notification.parameters
    assert "sign" not in fewer.parameters


# ---- encryption


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("length", [0, 15, 16, 17])
def test_openssl_decrypts(bits: int, length: int) -> None:
    key, plaintext = generate_aes_key(bits), b"x" * length
    hex_key = base64.b64decode(key).hex()
    command = ["openssl", "enc", f"-aes-{bits}-cbc", "-d", "-K", hex_key, "-iv", "00" * 16]
    outcome = subprocess.run(  # noqa: S603  fixed words and a key made here
        command, input=base64.b64decode(encrypt(plaintext, key)), check=True, capture_output=True
    )
    assert outcome.stdout == plaintext


def test_an_encrypted_notification_signs_the_ciphertext_of_the_charset(alipay: SimulatedAlipay) -> None:
    signed = alipay.notification(
        app_id="a", msg_method="m", biz_content="中", notify_id="n", utc_timestamp=1, charset="GBK", encrypt=True
    )
    ciphertext = signed.parameters["biz_content"]
    assert ciphertext == encrypt(b"\xd6\xd0", AES_KEY)
    assert signed.parameters["encrypt_type"] == "AES"
    content = (
        f"app_id=a&biz_content={ciphertext}&charset=GBK&encrypt_type=AES&msg_method=m&notify_id=n"
        "&utc_timestamp=1&version=1.1"
    )
    verify(alipay.public_key, signed.parameters["sign"], content.encode())


def test_encrypting_without_an_aes_key_is_refused() -> None:
    alipay = SimulatedAlipay.generate()
    with pytest.raises(ValueError, match="AES key"):
        alipay.notification(app_id="a", msg_method="m", biz_content="{}", encrypt=True)


# ---- keys


def test_the_keyring_entry_holds_the_public_key_and_the_aes_key(alipay: SimulatedAlipay) -> None:
    assert alipay.keyring_entry() == {"alipay_public_keys": [alipay.public_key], "aes_keys": [AES_KEY]}
    assert list(SimulatedAlipay.generate().keyring_entry()) == ["alipay_public_keys"]


@pytest.mark.parametrize(
    ("encryption", "use_rsa", "reason"),
    [
        pytest.param(NoEncryption(), False, "no RSA key", id="an elliptic curve key"),
        pytest.param(BestAvailableEncryption(b"secret"), True, "password", id="an encrypted key"),
    ],
)
def test_a_file_without_a_usable_key_is_refused(
    tmp_path: Path, encryption: KeySerializationEncryption, *, use_rsa: bool, reason: str
) -> None:
    key = rsa.generate_private_key(65537, 2048) if use_rsa else generate_private_key(SECP256R1())
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(ValueError, match=reason):
        SimulatedAlipay.from_pem(path)


# ---- the messages


@pytest.mark.parametrize(
    "message", [OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED], ids=["operation", "settle", "shop"]
)
def test_a_message_is_json_under_a_name_that_fits(message: Message) -> None:
    assert isinstance(json.loads(message.biz_content), dict)
    assert len(message.msg_method) <= 100


# ---- delivery


class Received(NamedTuple):
    method: str
    path: str
    content_type: str | None
    body: bytes


class Gateway:
    """An HTTP server that records requests and answers from a list, its last answer for ever."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self.answers = list(answers)
        self.received: list[Received] = []
        self.url = ""

    def parameters(self, index: int) -> dict[str, str]:
        received = self.received[index]
        form = received.body.decode() or received.path.partition("?")[2]
        encoding = "gb18030" if "GBK" in str(received.content_type) else "utf-8"
        return dict(parse_qsl(form, keep_blank_values=True, encoding=encoding, errors="strict"))


@contextmanager
def running(gateway: Gateway) -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.received.append(Received(self.command, self.path, self.headers["Content-Type"], body))
            status, answer = gateway.answers.pop(0) if len(gateway.answers) > 1 else gateway.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its parameter's name
            """Keep the test output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.url = f"http://127.0.0.1:{server.server_port}/alipay/notify"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def accepting() -> Iterator[Gateway]:
    with running(Gateway((200, b"success"))) as gateway:
        yield gateway


@pytest.fixture
def refusing() -> Iterator[Gateway]:
    with running(Gateway((403, b"fail"))) as gateway:
        yield gateway


def test_delivers_as_a_form_body(accepting: Gateway, notification: SignedNotification) -> None:
    answer = deliver(accepting.url, notification)
    assert (answer.status, answer.body, answer.accepted) == (200, "success", True)
    content_type = "application/x-www-form-urlencoded; charset=UTF-8"
    assert accepting.received == [Received("POST", "/alipay/notify", content_type, notification.form())]


@pytest.mark.parametrize(("query", "join"), [("", "?"), ("?tenant=7", "&")], ids=["bare URL", "URL with a query"])
def test_delivers_in_the_query_string(accepting: Gateway, alipay: SimulatedAlipay, query: str, join: str) -> None:
    notification = alipay.notification(app_id="a", msg_method="m", biz_content="中 ~+&%20𠮷", charset="GBK")
    deliver(accepting.url + query, notification, via="query")
    (received,) = accepting.received
    assert received.path == f"/alipay/notify{query}{join}{notification.form().decode()}"
    assert received.body == b""
    assert received.content_type == "application/x-www-form-urlencoded; charset=GBK"


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        pytest.param("success", True, id="the word"),
        pytest.param("SUCCESS", True, id="any case"),
        pytest.param("success\n", False, id="a line end after it"),
        pytest.param('"success"', False, id="quoted"),
        pytest.param("fail", False, id="fail"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_only_the_word_success_is_accepted(body: str, *, accepted: bool) -> None:
    assert Answer(200, body, 0.1).accepted is accepted


def test_no_answer_is_not_accepted(notification: SignedNotification) -> None:
    with running(Gateway()) as gone:
        url = gone.url
    answer = deliver(url, notification)
    assert (answer.status, answer.accepted) == (0, False)
    assert "ConnectionError" in answer.body


def test_a_redirect_is_an_answer_and_not_followed(notification: SignedNotification) -> None:
    with running(Gateway((302, b""))) as gateway:
        assert deliver(gateway.url, notification).status == 302


def test_retries_follow_the_schedule_eight_deliveries_within_25_hours(
    refusing: Gateway, notification: SignedNotification
) -> None:
    slept: list[float] = []
    answers = deliver_with_retries(refusing.url, lambda _: notification, sleep=slept.append)
    assert [answer.status for answer in answers] == [403] * 8
    assert slept == [2 * 60, 10 * 60, 10 * 60, 3600, 2 * 3600, 6 * 3600, 15 * 3600]
    assert sum(slept) <= 25 * 3600
    assert len(refusing.received) == 8


def test_retries_stop_at_success(notification: SignedNotification) -> None:
    slept: list[float] = []
    seen: list[tuple[int, str]] = []
    with running(Gateway((503, b"fail"), (409, b"fail"), (200, b"success"), (500, b"unexpected"))) as gateway:
        deliver_with_retries(
            gateway.url,
            lambda attempt: notification.with_parameter("attempt", str(attempt)),
            scale=0.5,
            sleep=slept.append,
            on_answer=lambda attempt, answer: seen.append((attempt, answer.body)),
        )
    assert seen == [(1, "fail"), (2, "fail"), (3, "success")]
    assert slept == [60, 300]
    assert [gateway.parameters(i)["attempt"] for i in range(3)] == ["1", "2", "3"]


# ---- the command


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key pair, AES key and keyring as `keygen` makes them."""
    path = tmp_path / "private.pem"
    assert main(["keygen", "--key", str(path), "--keyring", str(tmp_path / "keyring.json"), "--aes"]) == 0
    return path


def keyring_of(key: Path) -> dict[str, dict[str, list[str]]]:
    content: dict[str, dict[str, list[str]]] = json.loads(key.with_name("keyring.json").read_text())
    return content


def verify_v1(public_key: str, parameters: dict[str, str], codec: str = "utf-8") -> None:
    content = "&".join(f"{n}={parameters[n]}" for n in sorted(parameters) if n not in {"sign", "sign_type"})
    verify(public_key, parameters["sign"], content.encode(codec))


def test_keygen_writes_a_key_for_its_owner_alone_and_the_keyring_that_accepts_it(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert SimulatedAlipay.from_pem(key).public_key in str(keyring_of(key))
    assert [len(base64.b64decode(k)) for k in keyring_of(key)[DEFAULT_APP_ID]["aes_keys"]] == [16]


def test_keygen_prints_the_keyring_and_never_the_private_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keygen", "--key", str(tmp_path / "k.pem"), "--app-id", "2021"]) == 0
    printed = capsys.readouterr()
    alipay = SimulatedAlipay.from_pem(tmp_path / "k.pem")
    assert json.loads(printed.out) == {"2021": {"alipay_public_keys": [alipay.public_key]}}
    for line in alipay.private_pem().decode().splitlines():
        assert line not in printed.out + printed.err


def test_keygen_writes_the_public_key_where_it_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = tmp_path / "k.pub"
    assert main(["keygen", "--key", str(tmp_path / "k.pem"), "--public", str(public)]) == 0
    assert public.read_text() == SimulatedAlipay.from_pem(tmp_path / "k.pem").public_key + "\n"


def test_keygen_does_not_overwrite_a_key(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = key.read_bytes()
    assert main(["keygen", "--key", str(key)]) == 2
    assert key.read_bytes() == before
    assert "File exists" in capsys.readouterr().err


def test_send_delivers_and_shows_the_answer(accepting: Gateway, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--message", "shop", "--charset", "GBK", "--set", "msg_type=app", "--notify-id", "n1"]
    assert main(["send", accepting.url, "--key", str(key), *options]) == 0
    parameters = accepting.parameters(0)
    assert parameters["biz_content"] == SHOP_REJECTED.biz_content
    assert (parameters["msg_type"], parameters["notify_id"]) == ("app", "n1")
    verify_v1(keyring_of(key)[DEFAULT_APP_ID]["alipay_public_keys"][0], parameters, "gb18030")
    shown = capsys.readouterr().out
    assert "✓ 1/1  200 success" in shown
    assert "资料有问题" in shown
    assert parameters["sign"] not in shown


def test_send_encrypts_and_uses_the_query(accepting: Gateway, key: Path) -> None:
    aes_key = keyring_of(key)[DEFAULT_APP_ID]["aes_keys"][0]
    (key.parent / "biz.json").write_text('{"a":10.00}')
    content = ["--msg-method", "my.own.notify", "--biz-content", f"@{key.parent / 'biz.json'}"]
    options = ["--encrypt", "--aes-key", aes_key, "--via", "query"]
    assert main(["send", accepting.url, "--key", str(key), *content, *options]) == 0
    assert accepting.received[0].body == b""
    assert accepting.parameters(0)["msg_method"] == "my.own.notify"
    assert accepting.parameters(0)["biz_content"] == encrypt(b'{"a":10.00}', aes_key)


def test_send_fails_when_fail_is_answered(refusing: Gateway, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", refusing.url, "--key", str(key)]) == 1
    assert "✗ 1/1  403 fail" in capsys.readouterr().out
    assert len(refusing.received) == 1


def test_send_retries_the_same_notification_until_success(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(Gateway((503, b"fail"), (200, b"success"))) as gateway:
        assert main(["send", gateway.url, "--key", str(key), "--retry", "--scale", "0.00005"]) == 0
    first, second = gateway.parameters(0), gateway.parameters(1)
    assert first["notify_id"] == second["notify_id"]
    assert int(second["utc_timestamp"]) >= int(first["utc_timestamp"])
    shown = capsys.readouterr().out
    assert "✗ 1/8  503 fail" in shown
    assert "again in 0.006 s" in shown
    assert "✓ 2/8  200 success" in shown


def test_a_forgery_is_not_signed_with_the_key(refusing: Gateway, key: Path) -> None:
    assert main(["send", refusing.url, "--key", str(key), "--forge"]) == 1
    with pytest.raises(InvalidSignature):
        verify_v1(keyring_of(key)[DEFAULT_APP_ID]["alipay_public_keys"][0], refusing.parameters(0))


def test_sign_prints_the_form_body_alone(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["sign", "--key", str(key), "--message", "operation", "--convention", "V2"]) == 0
    parameters = dict(parse_qsl(capsys.readouterr().out.rstrip("\n"), strict_parsing=True))
    assert parameters["biz_content"] == OPERATION_RESULT.biz_content
    content = "&".join(f"{n}={parameters[n]}" for n in sorted(parameters) if n != "sign").encode()
    verify(keyring_of(key)[DEFAULT_APP_ID]["alipay_public_keys"][0], parameters["sign"], content)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param([], "--key private.pem", id="no key"),
        pytest.param(["--key", "nowhere.pem"], "No such file", id="a key that is not there"),
        pytest.param(["--forge", "--encrypt"], "AES key", id="encryption without its key"),
        pytest.param(["--forge", "--charset", "no-such"], "no-such", id="unknown charset"),
    ],
)
def test_a_mistake_is_explained_in_a_line(options: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", *options]) == 2
    shown = capsys.readouterr()
    assert (reason in shown.err, shown.out) == (True, "")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--set", "novalue"], id="no ="),
        pytest.param(["--biz-content", "@nowhere.json"], id="no such file"),
        pytest.param(["--convention", "V3"], id="no such convention"),
    ],
)
def test_bad_usage_exits_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sign", "--forge", *options])
