"""The keyring document: the keys of every app, as an operator writes them.

    {"<app_id>": {"alipay_public_keys": ["…"], "aes_keys": ["…"], "sign_types": ["RSA2"]}}

A public key is one line of base64 (X.509 SubjectPublicKeyInfo, as Alipay's console shows it), PEM, or a certificate
in PEM. Several keys may verify, so that a rotation can overlap. The last two members are optional.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_public_key,
)

from .errors import KeyringUnavailable

MINIMUM_KEY_BITS = 1024


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`fingerprint` is the start of the SHA-256 of the key's SubjectPublicKeyInfo, in hex: it names the key in logs.

    A key that came in a certificate has the certificate's `sn` (hex) and `not_after` (aware, UTC).
    """

    rsa: RSAPublicKey
    fingerprint: str
    sn: str = ""
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppKeys:
    """The keys of one app. AES keys are raw bytes: 16, 24 or 32."""

    public_keys: tuple[PublicKey, ...]
    aes_keys: tuple[bytes, ...] = ()
    sign_types: frozenset[str] = frozenset({"RSA2"})

    @property
    def last_expiry(self) -> datetime | None:
        """When the last of the app's certificates expires (aware, UTC); None when it has none."""
        return max((key.not_after for key in self.public_keys if key.not_after), default=None)


def parse_keyring(text: str) -> dict[str, AppKeys | str]:
    """The keys of each app; for an app whose entry is broken, a sentence that says what is wrong with it.

    Raises KeyringUnavailable when the document as a whole is not a JSON object.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        # The parser's own message quotes the position only, but its exception carries the whole document.
        raise KeyringUnavailable(f"The keyring is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise KeyringUnavailable("The keyring is not a JSON object of apps")
    apps: dict[str, AppKeys | str] = {}
    for app_id, entry in document.items():
        try:
            apps[app_id] = _parse_entry(entry)
        except ValueError as error:
            apps[app_id] = str(error)
    return apps


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(members)) < len(members):
        raise ValueError("an app or a member is there twice")
    return dict(members)


def _parse_entry(entry: Any) -> AppKeys:
    if not isinstance(entry, dict):
        raise ValueError("it is not an object")
    public_keys = tuple(map(parse_public_key, _strings(entry, "alipay_public_keys")))
    if not public_keys:
        raise ValueError("alipay_public_keys is missing or empty")
    sign_types = frozenset(name.upper() for name in _strings(entry, "sign_types")) or frozenset({"RSA2"})
    if not sign_types <= {"RSA2", "RSA"}:
        raise ValueError("sign_types knows RSA2 and RSA only")
    return AppKeys(public_keys, tuple(map(_parse_aes_key, _strings(entry, "aes_keys"))), sign_types)


def _strings(entry: Mapping[str, Any], name: str) -> list[str]:
    values = entry.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} is not a list of strings")
    return values


def parse_public_key(text: str) -> PublicKey:
    """Raises ValueError, saying what the text is instead of an RSA public key."""
    text = text.strip()
    key: object
    sn, not_after = "", None
    try:
        if "BEGIN CERTIFICATE" in text:
            from .certificates import read_certificate  # noqa: PLC0415  few need it, and its import takes time

            certificate = read_certificate(text)
            key, sn, not_after = certificate.public_key, certificate.sn, certificate.not_after
        elif text.startswith("-----"):
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(_from_base64(text))
    except Exception as error:  # cryptography's parsers raise several kinds, for the same reason
        if _is_private(text):
            raise ValueError("alipay_public_keys holds a private key: take it out, replace that key pair") from error
        raise ValueError("alipay_public_keys holds something that is no public key in base64 or PEM") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < MINIMUM_KEY_BITS:
        raise ValueError(f"alipay_public_keys holds a key that is not RSA of {MINIMUM_KEY_BITS} bits or more")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(key, hashlib.sha256(der).hexdigest()[:16], sn, not_after)


def _is_private(text: str) -> bool:
    try:
        return "PRIVATE KEY" in text or bool(load_der_private_key(_from_base64(text), password=None))
    except Exception:  # noqa: BLE001  as above
        return False


def _from_base64(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _parse_aes_key(text: str) -> bytes:
    try:
        key = _from_base64(text)
    except (binascii.Error, ValueError) as error:
        raise ValueError("aes_keys holds something that is not base64") from error
    if len(key) not in (16, 24, 32):
        raise ValueError("aes_keys holds a key that is not 16, 24 or 32 bytes long")
    return key
