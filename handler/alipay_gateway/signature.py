"""What Alipay signs, and whether it did.

RSA2 is RSASSA-PKCS1-v1_5 with SHA-256, RSA the same with SHA-1. The request never chooses: the app's entry in the
keyring says which types are allowed. Verification returns or raises.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from .borders import refuse_moved_borders
from .errors import BadSignature, SignTypeRefused, UnknownCertificate
from .keyring import Keyring
from .keys import AppKeys
from .request import SignedRequest

_HASHES = {"RSA2": SHA256(), "RSA": SHA1()}  # noqa: S303  only for an app whose entry allows RSA
_PADDING = PKCS1v15()
_SN = re.compile(r"[0-9a-f]{32}")

# What each convention leaves out of the signed content. One app receives both V1 and V2. Whether `alipay_cert_sn`,
# where it is sent, is signed is not settled either.
_LEFT_OUT = {
    "V1": {b"sign", b"sign_type"},
    "V2": {b"sign"},
    "V1 without alipay_cert_sn": {b"sign", b"sign_type", b"alipay_cert_sn"},
    "V2 without alipay_cert_sn": {b"sign", b"alipay_cert_sn"},
}


@dataclass(frozen=True, slots=True)
class Verified:
    """Who vouches for the request: the app's keys, the convention and the fingerprint of the key that verified."""

    keys: AppKeys
    convention: str
    key: str


class SignatureVerifier:
    """Verifies requests with the keys of their app, reading the keyring again before it refuses one."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def verify(self, request: SignedRequest) -> Verified:
        """Returns for genuine requests only.

        Raises UnknownApp, UnknownCertificate, SignTypeRefused, BadSignature, MalformedRequest or KeyringUnavailable.
        """
        app_id = request.ascii("app_id")
        try:
            return verify(request, self._keyring.keys_of(app_id))
        except (BadSignature, UnknownCertificate, SignTypeRefused):
            if not self._keyring.reread():
                raise
            return verify(request, self._keyring.keys_of(app_id))


def verify(request: SignedRequest, keys: AppKeys) -> Verified:
    """Tries every convention with every key that may have signed.

    Raises SignTypeRefused, BadSignature, UnknownCertificate or MalformedRequest.
    """
    sign_type = request.ascii("sign_type").upper()
    if sign_type not in keys.sign_types or sign_type not in _HASHES:
        raise SignTypeRefused("The sign_type is not one that the app allows")
    signature = _signature(request)
    sn = request.ascii("alipay_cert_sn").lower()
    # A certificate's SN picks it; a key without a certificate can be that of any.
    candidates = [key for key in keys.public_keys if not sn or key.sn in (sn, "")]
    for convention, content in signing_contents(request.parameters):
        for key in candidates:
            try:
                key.rsa.verify(signature, content, _PADDING, _HASHES[sign_type])
            except InvalidSignature:
                continue
            refuse_moved_borders(request.parameters, _LEFT_OUT[convention])
            return Verified(keys, convention, key.fingerprint)
    if sn and all(key.sn != sn for key in keys.public_keys):
        raise UnknownCertificate(f"The app has no certificate with the SN {sn if _SN.fullmatch(sn) else '(not an SN)'}")
    raise BadSignature("No key of the app verifies the signature")


def signing_contents(parameters: Mapping[bytes, bytes]) -> Iterator[tuple[str, bytes]]:
    """The contents that may have been signed, each with the name of its convention."""
    ordered = sorted(parameters.items())
    for convention, left_out in _LEFT_OUT.items():
        if b"alipay_cert_sn" in parameters or b"alipay_cert_sn" not in left_out:
            yield convention, b"&".join(name + b"=" + value for name, value in ordered if name not in left_out)


def _signature(request: SignedRequest) -> bytes:
    # A raw `+` in the request has been read as a space; base64 has no spaces, so they can only have been that.
    try:
        return base64.b64decode(request.get("sign").replace(b" ", b"+"), validate=True)
    except binascii.Error as error:
        raise BadSignature("The sign is not base64") from error
