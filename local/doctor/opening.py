"""Opens signatures: whoever has the public key can take out of an RSA signature what was signed.

Whether it opens tells if THIS key made it. What comes out is the digest of the content that was signed, which tells
whether a content that we put together is that one. Only explanations are built on it; what is genuine, the gateway
decides.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from alipay_gateway.keys import AppKeys, PublicKey

HASHES = {"RSA2": "SHA-256", "RSA": "SHA-1"}
"""What each sign_type hashes with."""

# The DER of DigestInfo up to the digest itself (RFC 8017, 9.2, note 1).
_DIGEST_INFO = {
    "SHA-256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA-1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "MD5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
    "SHA-384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "SHA-512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


@dataclass(frozen=True)
class Opened:
    """A key that made the signature (`app_id` is whose entry it stands in), and what is in the signature."""

    app_id: str
    key: PublicKey
    hash_name: str
    digest: bytes

    def is_of(self, content: bytes) -> bool:
        """Whether this content is what was signed."""
        digest = hashlib.new(self.hash_name.replace("-", ""), content, usedforsecurity=False)
        return digest.digest() == self.digest


def opened_by(signature: bytes, app_id: str, key: PublicKey) -> Opened | None:
    """None when another key made the signature."""
    try:
        # With no algorithm named, the whole DigestInfo comes out.
        info = key.rsa.recover_data_from_signature(signature, PKCS1v15(), None)
    except (InvalidSignature, ValueError):
        return None
    for name, prefix in _DIGEST_INFO.items():
        if info.startswith(prefix) and len(info) == len(prefix) + prefix[-1]:
            return Opened(app_id, key, name, info[len(prefix) :])
    return None


def open_with_all(signature: bytes, keyring: Mapping[str, AppKeys | str]) -> list[Opened]:
    """Every key of the keyring that made the signature: the same key may stand in several entries."""
    found = (
        opened_by(signature, app_id, key)
        for app_id, keys in keyring.items()
        if isinstance(keys, AppKeys)
        for key in keys.public_keys
    )
    return list(filter(None, found))


def signatures_in(sign: bytes) -> Iterator[tuple[str, bytes]]:
    """What the parameter may be as bytes: first as the gateway reads it, then with one damage or another repaired.

    Each comes with the cause that it repairs, the first with none.
    """
    plain = sign.replace(b" ", b"+")
    decoded = unquote_to_bytes(sign).replace(b" ", b"+")
    whole = b"".join(sign.split())
    for cause, text in (
        ("", plain),
        ("encoded_twice", decoded),
        ("sign_line_breaks", whole),
        ("sign_line_breaks", b"".join(sign.replace(b"\\n", b"").replace(b"\\r", b"").split())),
        ("sign_alphabet", plain.translate(bytes.maketrans(b"-_", b"+/"))),
        ("sign_padding", plain.rstrip(b"=") + b"=" * (-len(plain.rstrip(b"=")) % 4)),
    ):
        try:
            signature = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        if signature:
            yield cause, signature
