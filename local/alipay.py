"""A simulated Alipay: signs, encrypts and delivers notifications the way the real one does.

It shares no code with the gateway, so that the gateway is judged by a second reading of the protocol.
`python -m local.alipay --help` is the same as a command; it works against any gateway URL, deployed or local.
"""

from __future__ import annotations

import base64
import secrets
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from local.certificates import issue, sn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

RETRY_INTERVALS_S = (120, 600, 600, 3600, 7200, 21600, 54000)
"""Seconds between the eight deliveries: 2m, 10m, 10m, 1h, 2h, 6h, 15h, within 25 hours."""

BEIJING = timezone(timedelta(hours=8))
Part = Literal["body", "query"]


class Convention(StrEnum):
    """What of `sign_type` is signed: V1 leaves it out of the signed content, V2 keeps it."""

    V1 = "V1"
    V2 = "V2"


@dataclass(frozen=True)
class SignedNotification:
    """Parameters in wire order, `sign` included; `charset` is the one they are written in."""

    parameters: Mapping[str, str]
    charset: str = "UTF-8"
    convention: Convention = Convention.V1

    @property
    def content_type(self) -> str:
        return f"application/x-www-form-urlencoded; charset={self.charset}"

    def form(self) -> bytes:
        """The percent-encoded bytes of the charset, as a body or a query string carries them."""
        codec = codec_of(self.charset)
        return urlencode([(n.encode(codec), v.encode(codec)) for n, v in self.parameters.items()]).encode("ascii")

    def with_parameter(self, name: str, value: str) -> SignedNotification:
        """A copy with one parameter changed or added and the old signature kept: tampered with."""
        return replace(self, parameters={**self.parameters, name: value})

    def without(self, name: str) -> SignedNotification:
        """A copy that lacks one parameter and keeps the old signature."""
        return replace(self, parameters={n: v for n, v in self.parameters.items() if n != name})


class SimulatedAlipay:
    """Alipay as one application knows it: a private key and, when messages are encrypted, an AES key.

    In certificate mode it has a certificate too, and sends its SN, signed, as `alipay_cert_sn`.
    """

    def __init__(
        self, private_key: rsa.RSAPrivateKey, *, aes_key: str | None = None, certificate: str | None = None
    ) -> None:
        self._private_key = private_key
        self.aes_key = aes_key
        self.certificate = certificate

    @classmethod
    def generate(cls, bits: int = 2048, *, aes_key: str | None = None) -> SimulatedAlipay:
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=bits), aes_key=aes_key)

    @classmethod
    def from_pem(cls, path: Path, *, aes_key: str | None = None) -> SimulatedAlipay:
        """Raises ValueError when the file holds no unencrypted RSA private key."""
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except TypeError as error:
            raise ValueError(f"{path} is locked with a password") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError(f"{path} holds no RSA key")
        return cls(key, aes_key=aes_key)

    def with_certificate(
        self, certificate: str | None = None, *, days: float = 365, now: datetime | None = None
    ) -> SimulatedAlipay:
        """The same Alipay in certificate mode, with a certificate (PEM) or a new one that expires `days` from now."""
        certificate = certificate or issue(self._private_key.public_key(), days=days, now=now)
        return SimulatedAlipay(self._private_key, aes_key=self.aes_key, certificate=certificate)

    def with_key_only(self) -> SimulatedAlipay:
        """The same Alipay outside certificate mode: it sends no `alipay_cert_sn`."""
        return SimulatedAlipay(self._private_key, aes_key=self.aes_key)

    @property
    def public_key(self) -> str:
        """支付宝公钥 as the console shows it: one line of base64, X.509 SubjectPublicKeyInfo."""
        der = self._private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode("ascii")

    def keyring_entry(self) -> dict[str, list[str]]:
        """What the gateway's keyring must hold, under the app_id, to accept this Alipay."""
        entry = {"alipay_public_keys": [self.certificate or self.public_key]}
        return entry if self.aes_key is None else {**entry, "aes_keys": [self.aes_key]}

    def private_pem(self) -> bytes:
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def notification(
        self,
        *,
        app_id: str,
        msg_method: str,
        biz_content: str,
        notify_id: str | None = None,
        utc_timestamp: int | None = None,
        charset: str = "UTF-8",
        convention: Convention = Convention.V1,
        sign_type: str = "RSA2",
        encrypt: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> SignedNotification:
        """A signed version 1.1 notification. `utc_timestamp` is in epoch milliseconds, now by default.

        `encrypt` needs the AES key. `extra` adds parameters, signed too, or overrides those made here.
        """
        parameters = {
            "charset": charset,
            "biz_content": self._encrypt(biz_content, charset) if encrypt else biz_content,
            "msg_method": msg_method,
            "utc_timestamp": str(_now_ms() if utc_timestamp is None else utc_timestamp),
            "version": "1.1",
            "sign_type": sign_type,
            "notify_id": notify_id or secrets.token_hex(16),
            "app_id": app_id,
            **({"encrypt_type": "AES"} if encrypt else {}),
            **(extra or {}),
        }
        return self.sign(parameters, charset, convention)

    def flat_notification(
        self,
        *,
        app_id: str,
        notify_type: str,
        fields: Mapping[str, str],
        notify_id: str | None = None,
        sent_ms: int | None = None,
        charset: str = "UTF-8",
        convention: Convention = Convention.V1,
        sign_type: str = "RSA2",
    ) -> SignedNotification:
        """A signed version 1.0 notification, its business fields beside the common parameters.

        `sent_ms` is in epoch milliseconds, now by default; on the wire it is Beijing time to the second.
        """
        parameters = {
            "notify_time": _beijing_time(_now_ms() if sent_ms is None else sent_ms),
            "notify_type": notify_type,
            "notify_id": notify_id or secrets.token_hex(16),
            "charset": charset,
            "version": "1.0",
            "app_id": app_id,
            "sign_type": sign_type,
            **fields,
        }
        return self.sign(parameters, charset, convention)

    def sign(
        self, parameters: Mapping[str, str], charset: str = "UTF-8", convention: Convention = Convention.V1
    ) -> SignedNotification:
        """Sign any parameters, a version 1.0 notification's flat ones for example; `sign` comes last.

        Signed are the bytes of the charset. The hash is SHA-1 when `sign_type` is `RSA`, else SHA-256.
        """
        if self.certificate:
            parameters = {"alipay_cert_sn": sn_of(self.certificate), **parameters}
        left_out = {"sign", "sign_type"} if convention is Convention.V1 else {"sign"}
        signed = sorted(name for name in parameters if name not in left_out)
        content = "&".join(f"{name}={parameters[name]}" for name in signed).encode(codec_of(charset))
        rsa1 = parameters.get("sign_type", "RSA2").upper() == "RSA"
        algorithm = hashes.SHA1() if rsa1 else hashes.SHA256()  # noqa: S303  the protocol's old sign_type
        signature = base64.b64encode(self._private_key.sign(content, padding.PKCS1v15(), algorithm)).decode("ascii")
        unsigned = {name: value for name, value in parameters.items() if name != "sign"}
        return SignedNotification({**unsigned, "sign": signature}, charset, convention)

    def retry(self, notification: SignedNotification, *, sent_ms: int | None = None) -> SignedNotification:
        """The same notification sent again: same notify_id, new time of sending (epoch ms, default now)."""
        sent_ms = _now_ms() if sent_ms is None else sent_ms
        times = {"utc_timestamp": str(sent_ms), "notify_time": _beijing_time(sent_ms)}
        refreshed = {name: times.get(name, value) for name, value in notification.parameters.items()}
        return self.sign(refreshed, notification.charset, notification.convention)

    def _encrypt(self, biz_content: str, charset: str) -> str:
        if self.aes_key is None:
            raise ValueError("Encrypting needs an AES key")
        return encrypt(biz_content.encode(codec_of(charset)), self.aes_key)


def encrypt(plaintext: bytes, aes_key: str) -> str:
    """AES/CBC/PKCS#7 under a base64 key of 16, 24 or 32 bytes and an IV of sixteen zero bytes, as base64."""
    padder = PKCS7(algorithms.AES.block_size).padder()
    encryptor = Cipher(algorithms.AES(base64.b64decode(aes_key)), modes.CBC(bytes(16))).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")


def generate_aes_key(bits: int = 128) -> str:
    return base64.b64encode(secrets.token_bytes(bits // 8)).decode("ascii")


def codec_of(charset: str) -> str:
    """Python's codec for a charset name; the Chinese ones are all written with gb18030, their superset."""
    return "gb18030" if charset.lower() in {"gbk", "gb2312", "gb18030"} else charset


@dataclass(frozen=True)
class Answer:
    """What a gateway answered. Status 0 means that no answer came, and `body` tells why."""

    status: int
    body: str
    seconds: float

    @property
    def accepted(self) -> bool:
        """Whether Alipay stops here: the body is exactly `success`, in any case."""
        return self.body.lower() == "success"


def deliver(
    url: str,
    notification: SignedNotification,
    *,
    via: Part = "body",
    timeout: float = 30,
    post: Callable[..., requests.Response] = requests.post,
) -> Answer:
    """POST a notification once, as a form body or in the query string of a request with an empty body.

    `post` may be that of a `requests.Session`, which keeps its connection.
    """
    form = notification.form()
    if via == "query":
        url, form = f"{url}{'&' if '?' in url else '?'}{form.decode('ascii')}", b""
    headers = {"Content-Type": notification.content_type}
    started = time.monotonic()
    try:
        response = post(url, data=form, headers=headers, timeout=timeout, allow_redirects=False)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        return Answer(0, f"no answer: {type(error).__name__}", time.monotonic() - started)
    return Answer(response.status_code, response.content.decode(errors="replace"), time.monotonic() - started)


def deliver_with_retries(
    url: str,
    notification_for_attempt: Callable[[int], SignedNotification],
    *,
    deliveries: int = 1 + len(RETRY_INTERVALS_S),
    scale: float = 1.0,
    on_answer: Callable[[int, Answer], object] = lambda _attempt, _answer: None,
    via: Part = "body",
    timeout: float = 30,
    sleep: Callable[[float], object] = time.sleep,
) -> list[Answer]:
    """Deliver until `success` is answered, on the real schedule times `scale`; attempts count from 1."""
    answers: list[Answer] = []
    for attempt, wait_s in enumerate((0, *RETRY_INTERVALS_S)[:deliveries], start=1):
        if attempt > 1:
            sleep(wait_s * scale)
        answers.append(deliver(url, notification_for_attempt(attempt), via=via, timeout=timeout))
        on_answer(attempt, answers[-1])
        if answers[-1].accepted:
            break
    return answers


def _beijing_time(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms // 1000, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    from local.alipay_command import main

    sys.exit(main())
