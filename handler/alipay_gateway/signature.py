"""What Alipay signs, and whether it did.

RSA2 is RSASSA-PKCS1-v1_5 with SHA-256, RSA the same with SHA-1. The request never chooses: the app's entry in the
keyring says which types are allowed. Verification returns or raises.
"""

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from .errors import BadSignature, MalformedRequest, SignTypeRefused
from .keyring import Keyring
from .keys import AppKeys
from .request import COMMON_PARAMETERS, SignedRequest

_HASHES = {"RSA2": SHA256(), "RSA": SHA1()}  # noqa: S303  only for an app whose entry allows RSA
_PADDING = PKCS1v15()
_PARAMETER = re.compile(rb"&[\w.]+=")
_COMMON = frozenset(name.encode() for name in COMMON_PARAMETERS)


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

        Raises UnknownApp, SignTypeRefused, BadSignature, MalformedRequest or KeyringUnavailable.
        """
        app_id = request.ascii("app_id")
        try:
            return verify(request, self._keyring.keys_of(app_id))
        except (BadSignature, SignTypeRefused):
            if not self._keyring.reread():
                raise
            return verify(request, self._keyring.keys_of(app_id))


def verify(request: SignedRequest, keys: AppKeys) -> Verified:
    """Tries every convention with every key of the app. Raises SignTypeRefused, BadSignature or MalformedRequest."""
    sign_type = request.ascii("sign_type").upper()
    if sign_type not in keys.sign_types or sign_type not in _HASHES:
        raise SignTypeRefused("The sign_type is not one that the app allows")
    signature = _signature(request)
    for convention, content in signing_contents(request.parameters):
        for key in keys.public_keys:
            try:
                key.rsa.verify(signature, content, _PADDING, _HASHES[sign_type])
            except InvalidSignature:
                continue
            _refuse_ambiguity(request.parameters)
            return Verified(keys, convention, key.fingerprint)
    raise BadSignature("No key of the app verifies the signature")


def signing_contents(parameters: Mapping[bytes, bytes]) -> Iterator[tuple[str, bytes]]:
    """The contents that may have been signed, each with the name of its convention.

    One app receives both: V1 leaves sign_type out of the content, V2 keeps it. Whether `alipay_cert_sn`, where it is
    sent, is signed is not settled either.
    """
    ordered = sorted(item for item in parameters.items() if item[0] != b"sign")
    yield "V1", _join(ordered, without={b"sign_type"})
    yield "V2", _join(ordered, without=())
    if b"alipay_cert_sn" in parameters:
        yield "V1 without alipay_cert_sn", _join(ordered, without={b"sign_type", b"alipay_cert_sn"})
        yield "V2 without alipay_cert_sn", _join(ordered, without={b"alipay_cert_sn"})


def _refuse_ambiguity(parameters: Mapping[bytes, bytes]) -> None:
    """What was signed must be what is read.

    The signed content joins its parameters with a bare `&`. So `a=1&b=2` may have been signed as two parameters or as
    one: whoever holds a genuine notification could move the border between two of them, to a new notify_id
    `…&sign_type=RSA2` for example, and keep the signature. Only biz_content may hold an `&`; what is left of the
    question there is settled where it is read. Where there is none, business fields may, but not what looks like
    another parameter.
    """
    flat = b"biz_content" not in parameters
    for name, value in parameters.items():
        suspicious = bool(_PARAMETER.search(value)) if flat and name not in _COMMON else b"&" in value
        if b"&" in name or b"=" in name or (suspicious and name != b"biz_content"):
            raise MalformedRequest(
                "The signature is genuine, but the border between two parameters may have been moved"
            )


def _join(ordered: list[tuple[bytes, bytes]], without: Collection[bytes]) -> bytes:
    return b"&".join(name + b"=" + value for name, value in ordered if name not in without)


def _signature(request: SignedRequest) -> bytes:
    # A raw `+` in the request has been read as a space; base64 has no spaces, so they can only have been that.
    try:
        return base64.b64decode(request.get("sign").replace(b" ", b"+"), validate=True)
    except binascii.Error as error:
        raise BadSignature("The sign is not base64") from error
