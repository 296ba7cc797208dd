"""The keyring document: what an operator may write, and what becomes of what he may not."""

import base64
import json
import textwrap
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from alipay_gateway.errors import KeyringUnavailable
from alipay_gateway.keys import AppKeys, parse_keyring, parse_public_key
from local.alipay import SimulatedAlipay

# `openssl genrsa 512 | openssl rsa -pubout -outform DER | base64`
RSA_512 = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKorllQjWw6cqOvrAMquX+QndEHWl77FzKtwsrxJq2dHJAp49PG1Xr6GNoVGzFOf3CDOlVfomF7o"
    "Q7bCDiytOX0CAwEAAQ=="
)


def one_line(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def armour(kind: str, text: str) -> str:
    return f"-----BEGIN {kind}-----\n" + "\n".join(textwrap.wrap(text, 64)) + f"\n-----END {kind}-----\n"


@pytest.fixture(scope="module")
def private_key(alipay: SimulatedAlipay) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(alipay.private_pem(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@pytest.fixture(scope="module")
def certificate(private_key: rsa.RSAPrivateKey) -> str:
    """A certificate of Alipay's key in PEM, like alipayCertPublicKey_RSA2.crt; long expired, as they will be."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "支付宝(中国)网络技术有限公司")])
    builder = x509.CertificateBuilder(name, name, private_key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(datetime(2018, 1, 1)).not_valid_after(datetime(2019, 1, 1))  # noqa: DTZ001  UTC
    return dated.sign(private_key, SHA256()).public_bytes(Encoding.PEM).decode()


# ---- a public key


def spellings(public_key: str, certificate: str, pkcs1: str) -> dict[str, str]:
    pem = armour("PUBLIC KEY", public_key)
    return {
        "one line of base64": public_key,
        "white space around it": f" \t{public_key}\r\n",
        "wrapped base64": "\n".join(textwrap.wrap(public_key, 64)),
        "wrapped and indented": "\r\n  ".join(textwrap.wrap(public_key, 76)),
        "PEM": pem,
        "PEM, white space around it": f"\n  {pem}\n\n",
        "PEM, CR LF": pem.replace("\n", "\r\n"),
        "PEM, no line end at the end": pem.rstrip(),
        "PKCS#1 PEM": pkcs1,
        "certificate": certificate,
        "certificate, CR LF": certificate.replace("\n", "\r\n"),
        "certificate after its description": f"subject=支付宝\nissuer=Ant\n{certificate}",
    }


@pytest.mark.parametrize("spelling", spellings("", "", ""))
def test_every_spelling_of_a_public_key_is_the_same_key(
    alipay: SimulatedAlipay, private_key: rsa.RSAPrivateKey, certificate: str, spelling: str
) -> None:
    pkcs1 = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    key = parse_public_key(spellings(alipay.public_key, certificate, pkcs1)[spelling])
    assert key.fingerprint == sha256(base64.b64decode(alipay.public_key)).hexdigest()[:16]
    key.rsa.verify(private_key.sign(b"content", padding.PKCS1v15(), SHA256()), b"content", padding.PKCS1v15(), SHA256())


def test_a_key_of_1024_bits_is_taken() -> None:
    assert parse_public_key(SimulatedAlipay.generate(1024).public_key).rsa.key_size == 1024


BROKEN_KEYS = [
    pytest.param("", id="empty"),
    pytest.param("c2VjcmV0LWtleQ==", id="base64 of something else"),
    pytest.param("secret-key!", id="not base64"),
    pytest.param("公钥secret-key", id="not ASCII"),
    pytest.param("\ud800secret-key", id="lone surrogate"),
    pytest.param(armour("PUBLIC KEY", "c2VjcmV0LWtleQ=="), id="PEM of something else"),
    pytest.param("-----BEGIN PUBLIC KEY-----secret-key", id="cut PEM"),
    pytest.param(armour("CERTIFICATE", "c2VjcmV0LWtleQ=="), id="certificate of something else"),
    pytest.param("-----BEGIN CERTIFICATE-----secret-key", id="cut certificate"),
]
OTHER_KEYS = [
    pytest.param(one_line(ec.generate_private_key(ec.SECP256R1()).public_key()), id="elliptic curve"),
    pytest.param(armour("PUBLIC KEY", one_line(ed25519.Ed25519PrivateKey.generate().public_key())), id="Ed25519, PEM"),
    pytest.param(RSA_512, id="RSA of 512 bits"),
]


@pytest.mark.parametrize("text", BROKEN_KEYS)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no public key in base64 or PEM"):
        parse_public_key(text)


@pytest.mark.parametrize("text", OTHER_KEYS)
def test_a_public_key_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not RSA of 1024 bits or more"):
        parse_public_key(text)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_private_key_is_called_one(private_key: rsa.RSAPrivateKey, form: PrivateFormat) -> None:
    pem = private_key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    with pytest.raises(ValueError, match="private key: take it out"):
        parse_public_key(pem)


def test_a_private_key_without_armour_is_refused(private_key: rsa.RSAPrivateKey) -> None:
    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="alipay_public_keys holds"):
        parse_public_key(base64.b64encode(der).decode())


# ---- an app's entry


def parse(entry: Any) -> AppKeys | str:
    return parse_keyring(json.dumps({"app": entry}))["app"]


def usable(entry: Any) -> AppKeys:
    keys = parse(entry)
    assert isinstance(keys, AppKeys), keys
    return keys


def test_an_entry_of_one_key_allows_rsa2_alone_and_no_encryption(alipay: SimulatedAlipay) -> None:
    keys = usable({"alipay_public_keys": [alipay.public_key]})
    assert keys == AppKeys((parse_public_key(alipay.public_key),), (), frozenset({"RSA2"}))


def test_several_keys_are_kept_in_their_order(
    alipay: SimulatedAlipay, stranger: SimulatedAlipay, certificate: str
) -> None:
    keys = usable({"alipay_public_keys": [stranger.public_key, certificate, alipay.public_key]})
    expected = [parse_public_key(alipay.public_key).fingerprint] * 3
    expected[0] = parse_public_key(stranger.public_key).fingerprint
    assert [key.fingerprint for key in keys.public_keys] == expected


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        pytest.param(["RSA2"], {"RSA2"}, id="RSA2"),
        pytest.param(["RSA"], {"RSA"}, id="RSA"),
        pytest.param(["RSA2", "RSA"], {"RSA2", "RSA"}, id="both"),
        pytest.param(["rsa2"], {"RSA2"}, id="small letters"),
        pytest.param([], {"RSA2"}, id="none named"),
    ],
)
def test_sign_types(alipay: SimulatedAlipay, written: list[str], allowed: set[str]) -> None:
    assert usable({"alipay_public_keys": [alipay.public_key], "sign_types": written}).sign_types == allowed


@pytest.mark.parametrize("size", [16, 24, 32])
def test_aes_keys_of_every_size_are_taken(alipay: SimulatedAlipay, size: int) -> None:
    raw = bytes(range(size))
    written = f" {base64.b64encode(raw).decode()}\n"
    assert usable({"alipay_public_keys": [alipay.public_key], "aes_keys": [written]}).aes_keys == (raw,)


def b64(size: int) -> str:
    return base64.b64encode(b"k" * size).decode()


BROKEN_ENTRIES = [
    pytest.param(None, "not an object", id="null"),
    pytest.param("c2VjcmV0LWtleQ==", "not an object", id="a key instead of an entry"),
    pytest.param([], "not an object", id="a list"),
    pytest.param({}, "alipay_public_keys is missing or empty", id="an empty object"),
    pytest.param({"alipay_public_key": ["c2VjcmV0LWtleQ=="]}, "alipay_public_keys is missing", id="a misspelt member"),
    pytest.param({"alipay_public_keys": []}, "alipay_public_keys is missing or empty", id="no key"),
    pytest.param({"alipay_public_keys": "c2VjcmV0LWtleQ=="}, "alipay_public_keys is not a list", id="one key, no list"),
    pytest.param({"alipay_public_keys": None}, "alipay_public_keys is not a list", id="null for the keys"),
    pytest.param({"alipay_public_keys": [7]}, "alipay_public_keys is not a list of strings", id="a number for a key"),
    pytest.param({"alipay_public_keys": [None]}, "alipay_public_keys is not a list of strings", id="null for a key"),
    pytest.param({"alipay_public_keys": {"secret-key": 1}}, "alipay_public_keys is not a list", id="an object of keys"),
    pytest.param({"alipay_public_keys": ["secret-key"]}, "no public key", id="garbage for a key"),
    pytest.param({"alipay_public_keys": [RSA_512, "secret-key"]}, "not RSA of 1024 bits", id="RSA of 512 bits"),
]
BROKEN_OPTIONS = [
    pytest.param({"aes_keys": "c2VjcmV0LWtleQ=="}, "aes_keys is not a list", id="one AES key, no list"),
    pytest.param({"aes_keys": [7]}, "aes_keys is not a list of strings", id="a number for an AES key"),
    pytest.param({"aes_keys": ["secret-key"]}, "aes_keys holds something that is not base64", id="not base64"),
    pytest.param({"aes_keys": ["密钥"]}, "aes_keys holds something that is not base64", id="not ASCII"),
    pytest.param({"aes_keys": [""]}, "not 16, 24 or 32 bytes", id="an empty AES key"),
    pytest.param({"aes_keys": [b64(15)]}, "not 16, 24 or 32 bytes", id="an AES key of 15 bytes"),
    pytest.param({"aes_keys": [b64(64)]}, "not 16, 24 or 32 bytes", id="an AES key of 64 bytes"),
    pytest.param({"aes_keys": [b64(16), b64(17)]}, "not 16, 24 or 32 bytes", id="one good AES key, one not"),
    pytest.param({"sign_types": "RSA2"}, "sign_types is not a list", id="one sign_type, no list"),
    pytest.param({"sign_types": [2]}, "sign_types is not a list of strings", id="a number for a sign_type"),
    pytest.param({"sign_types": ["RSA2", "MD5"]}, "sign_types knows RSA2 and RSA only", id="an unknown sign_type"),
    pytest.param({"sign_types": [""]}, "sign_types knows RSA2 and RSA only", id="a blank sign_type"),
]


@pytest.mark.parametrize(("entry", "said"), BROKEN_ENTRIES)
def test_a_broken_entry_says_what_is_wrong_with_it(entry: Any, said: str) -> None:
    assert said in str(parse(entry))


@pytest.mark.parametrize(("option", "said"), BROKEN_OPTIONS)
def test_a_broken_option_says_what_is_wrong_with_it(alipay: SimulatedAlipay, option: dict[str, Any], said: str) -> None:
    assert said in str(parse({"alipay_public_keys": [alipay.public_key], **option}))


@pytest.mark.parametrize("text", [*BROKEN_KEYS, *OTHER_KEYS])
def test_one_broken_key_breaks_the_entry_that_holds_it(alipay: SimulatedAlipay, text: str) -> None:
    assert "alipay_public_keys holds" in str(parse({"alipay_public_keys": [alipay.public_key, text]}))


def inputs(rows: list[Any]) -> list[Any]:
    return [row.values[0] for row in rows]


def test_a_broken_entry_is_never_quoted(private_key: rsa.RSAPrivateKey, alipay: SimulatedAlipay) -> None:
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    bare = base64.b64encode(private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    entries = inputs(BROKEN_ENTRIES)
    entries += [{"alipay_public_keys": [text]} for text in inputs(BROKEN_KEYS + OTHER_KEYS)]
    entries += [{"alipay_public_keys": [text]} for text in (pem, bare, alipay.public_key[:-8])]
    entries += [{"alipay_public_keys": [alipay.public_key], **option} for option in inputs(BROKEN_OPTIONS)]
    said = " ".join(str(parse(entry)) for entry in entries)
    quoted = [word for word in ("secret", "c2Vj", "a2tr", "密", "MD5", "MII", "MFw", "MFk") if word in said]
    assert quoted == []


def test_a_broken_entry_leaves_the_others_alone(alipay: SimulatedAlipay) -> None:
    apps = parse_keyring(json.dumps({"1": {}, "2": alipay.keyring_entry(), "3": None}))
    assert {app: isinstance(keys, AppKeys) for app, keys in apps.items()} == {"1": False, "2": True, "3": False}


# ---- the document


def test_an_empty_object_has_no_apps() -> None:
    assert parse_keyring("{}") == {}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("secret-key", id="not JSON"),
        pytest.param('{"secret-key": ', id="cut JSON"),
        pytest.param('{"a": "secret-key\n"}', id="a line end in a string"),
        pytest.param("\ufeff{}", id="a byte order mark"),
        pytest.param("[" * 100_000, id="deep nesting"),
        pytest.param("1" * 5000, id="a number too long to read"),
        pytest.param('["secret-key"]', id="a list"),
        pytest.param('"secret-key"', id="a string"),
        pytest.param("null", id="null"),
    ],
)
def test_a_document_that_is_no_json_object_is_unavailable_and_not_quoted(text: str) -> None:
    with pytest.raises(KeyringUnavailable, match=r"not (a )?JSON") as refusal:
        parse_keyring(text)
    assert "secret" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
