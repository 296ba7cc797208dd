"""Certificates as Alipay's console gives them (alipayCertPublicKey_RSA2.crt), and odder ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local.alipay import SimulatedAlipay

Attributes = Sequence[tuple[x509.ObjectIdentifier, str]]

C, O, OU, CN = (  # noqa: E741  as X.500 abbreviates them
    NameOID.COUNTRY_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.COMMON_NAME,
)
ALIPAYS_ISSUER: Attributes = [
    (C, "CN"),
    (O, "Ant Financial"),
    (OU, "Certification Authority"),
    (CN, "Ant Financial Certification Authority Class 2 R1"),
]
"""In the order of the certificate, the least specific first; an SN names them the other way round."""

ISSUERS: dict[str, Attributes] = {
    "as Alipay's: CN, OU, O, C": ALIPAYS_ISSUER,
    "Chinese characters": [(C, "CN"), (O, "蚂蚁金服"), (OU, "证书中心"), (CN, "蚂蚁金服证书中心")],
    "a comma": [(C, "CN"), (O, "Ant Financial, Inc."), *ALIPAYS_ISSUER[2:]],
    "no OU": [*ALIPAYS_ISSUER[:2], *ALIPAYS_ISSUER[3:]],
    "CN before C in the certificate": ALIPAYS_ISSUER[::-1],
    "province and city": [
        (C, "CN"),
        (NameOID.STATE_OR_PROVINCE_NAME, "浙江"),
        (NameOID.LOCALITY_NAME, "杭州"),
        *ALIPAYS_ISSUER[1:],
    ],
    "an emailAddress": [*ALIPAYS_ISSUER, (NameOID.EMAIL_ADDRESS, "ca@example.com")],
}


def certificate(alipay: SimulatedAlipay, issuer: Attributes = ALIPAYS_ISSUER, *, serial: int = 0) -> str:
    """A certificate of this Alipay's key, in PEM. `serial` 0: a random one of 159 bits."""
    key = serialization.load_pem_private_key(alipay.private_pem(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("Alipay's keys are RSA keys")
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(CN, "2014060600164699")]))
        .issuer_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in issuer]))
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode("ascii")
