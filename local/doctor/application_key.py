"""The application's own key (应用公钥, or 应用私钥's public half), to compare with what is in the keyring."""

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from alipay_gateway.keys import PublicKey, parse_public_key


def public_half(text: str) -> PublicKey:
    """Reads a public key as the keyring does, or a private one: PEM or base64, PKCS#8 or PKCS#1.

    Raises ValueError, which tells nothing of what was read.
    """
    private = _private_key(text)
    if private is None:
        try:
            return parse_public_key(text)
        except ValueError:
            raise ValueError("The application's key is no RSA key in base64 or PEM") from None
    return parse_public_key(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    )


def _private_key(text: str) -> RSAPrivateKey | None:
    try:
        if "-----" in text:
            key = load_pem_private_key(text.encode(), password=None)
        else:
            key = load_der_private_key(base64.b64decode("".join(text.split()), validate=True), password=None)
    except (ValueError, TypeError, binascii.Error):
        return None
    return key if isinstance(key, RSAPrivateKey) else None
