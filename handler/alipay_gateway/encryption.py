"""biz_content ciphertext to text: AES/CBC/PKCS#7 with an IV of sixteen zero bytes, key and ciphertext in base64."""

import base64
import binascii
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from .errors import CannotDecrypt, MalformedRequest
from .text import decode, is_json

_IV = bytes(16)


def decrypt(ciphertext: bytes, aes_keys: Iterable[bytes], codecs: tuple[str, ...]) -> str:
    """The plaintext under the first key that makes JSON of the base64 ciphertext.

    JSON, because the padding alone lets one wrong key in 256 pass, and what comes out of it must not be published as
    the message. Raises CannotDecrypt, and says no more than that: not which step failed, nor for which key.
    """
    for key in aes_keys:
        try:
            text = decode(_decrypt(ciphertext, key), codecs)
        except (ValueError, MalformedRequest):
            continue
        if is_json(text):
            return text
    raise CannotDecrypt("The biz_content does not decrypt to JSON with any AES key of the app")


def _decrypt(ciphertext: bytes, key: bytes) -> bytes:
    try:
        raw = base64.b64decode(ciphertext, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    decryptor = Cipher(AES(key), CBC(_IV)).decryptor()
    padded = decryptor.update(raw) + decryptor.finalize()
    unpadder = PKCS7(AES.block_size).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
