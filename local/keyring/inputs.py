"""Keys as the operator hands them over: a file, standard input, or a prompt without an echo.

What was given in place of a file's name is never repeated: it may be the key itself, pasted in the wrong spot.
"""

import base64
import getpass
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alipay_gateway.keys import parse_public_key
from local.keyring.document import Refusal

_LONGEST = 65_536
"""Bytes; a secret holds no more."""


def read_public_key(file: str) -> str:
    """As the keyring is to hold it: one line of base64, or a certificate in PEM, without the authorities behind it."""
    text = _read(file)
    if "PRIVATE KEY" in text:
        raise Refusal(_PRIVATE)
    try:
        key = parse_public_key(text)
    except ValueError as error:
        if "private key" in str(error):
            raise Refusal(_PRIVATE) from None
        what = str(error).removeprefix("alipay_public_keys holds ")
        raise Refusal(f"The input is {what}; wanted is 支付宝公钥, or alipayCertPublicKey_RSA2.crt") from None
    if key.sn:
        return x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.PEM).decode()
    der = key.rsa.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


_PRIVATE = (
    "The input is a private key, which nobody but its owner may hold, and no keyring: nothing was written. "
    "It has left its place, so replace that key pair; wanted is Alipay's public key (支付宝公钥)"
)


def read_aes_key(file: str | None) -> str:
    """One line of base64, from a file (`-` for standard input), or typed in where there is none."""
    if file is not None:
        return "".join(_read(file).split())
    if not sys.stdin.isatty():
        raise Refusal("There is no terminal to ask for the AES key: say --aes-key-stdin, or --aes-key-file")
    return "".join(getpass.getpass("AES key (base64, not shown): ").split())


def _read(file: str) -> str:
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(_LONGEST + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(_LONGEST + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise Refusal("The input is not text: wanted is a key in base64 or PEM") from None
        why = error.strerror if isinstance(error, OSError) else "no such file"
        raise Refusal(f"The key's file cannot be read ({why}): name a file, or - for standard input") from None
    if len(raw) > _LONGEST:
        raise Refusal("The input is too long to be a key")
    return text


def confirmed(question: str) -> bool:
    """Raises Refusal where nobody can be asked."""
    if not sys.stdin.isatty():
        raise Refusal("There is no terminal to ask on: look at the change, and say --yes")
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
