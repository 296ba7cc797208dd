"""Certificates such as Alipay's own (alipayCertPublicKey_RSA2.crt), issued on this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}
ISSUER = {
    "C": "CN",
    "O": "Ant Financial",
    "OU": "Certification Authority",
    "CN": "Ant Financial Certification Authority Class 2 R1",
}
"""Who issues Alipay's certificates; country first, as a certificate's name is written."""
_SUBJECT = {"C": "CN", "O": "支付宝(中国)网络技术有限公司", "OU": "Alipay", "CN": "支付宝(中国)网络技术有限公司"}


def issue(
    public_key: rsa.RSAPublicKey,
    *,
    days: float = 365,
    issuer: Mapping[str, str] = ISSUER,
    serial: int | None = None,
    now: datetime | None = None,
) -> str:
    """A certificate in PEM that expires `days` from now. Who signed it does not matter to the gateway: nobody asks."""
    now = now or datetime.now(UTC)
    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(_SUBJECT))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now - timedelta(days=730))
        .not_valid_after(now + timedelta(days=days))
    )
    return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def sn_of(certificate: str) -> str:
    """alipay_cert_sn: MD5 of the issuer, least specific name last, and the decimal serial number; in hex."""
    parsed = x509.load_pem_x509_certificate(certificate.encode("ascii"))
    short = {oid: name for name, oid in _NAMES.items()}
    issuer = ",".join(f"{short[attribute.oid]}={attribute.value}" for attribute in reversed(list(parsed.issuer)))  # type: ignore[str-bytes-safe]
    return md5(f"{issuer}{parsed.serial_number}".encode(), usedforsecurity=False).hexdigest()


def _name(names: Mapping[str, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(_NAMES[name], value) for name, value in names.items()])
