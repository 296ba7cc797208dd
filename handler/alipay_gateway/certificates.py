"""Alipay's certificates (alipayCertPublicKey_RSA2.crt): the key in one, its SN, and when it expires.

Nothing is checked against the clock or against a root certificate: the operator who put a certificate into the keyring
vouches for it, and a notification is not lost because a certificate expired in the meantime.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509


@dataclass(frozen=True, slots=True)
class Certificate:
    """`sn` is what `alipay_cert_sn` names it by, in small hex; `not_after` is aware, UTC."""

    public_key: object
    sn: str
    not_after: datetime


def read_certificate(pem: str) -> Certificate:
    """The first certificate in PEM: the others of a chain are the authorities that issued it, not Alipay.

    Raises ValueError when there is none.
    """
    certificate = x509.load_pem_x509_certificate(pem.encode())
    # The SN is MD5 over the issuer, most specific name first (`CN=…,OU=…,O=…,C=CN`), and the decimal serial number.
    named = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    sn = hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()
    return Certificate(certificate.public_key(), sn, certificate.not_valid_after_utc)
