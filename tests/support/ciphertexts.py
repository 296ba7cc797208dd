"""Ciphertexts that the function cannot decrypt, each for another reason."""

import base64

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


def failures(key: bytes, size: int = 64) -> dict[str, bytes]:
    """Kind of failure to ciphertext in base64. `size`, a multiple of 16, is the plaintext's, padding included."""
    content = b'{"text":"' + b"x" * size
    made = {
        "wrong key": _encrypted(_padded(content, size, 5), bytes(byte ^ 255 for byte in key)),
        "right padding, no JSON": _encrypted(_padded(content, size, 5), key),
        "right padding, no text": _encrypted(_padded(b"\xff" * size, size, 5), key),
        "nothing but padding": _encrypted(bytes([BLOCK]) * BLOCK, key),
        "JSON without padding": _encrypted(b'"' + b"x" * (size - 2) + b'"', key),
        "not base64": _encrypted(_padded(content, size, 5), key)[:-2] + b"!!",
        "base64 cut short": _encrypted(_padded(content, size, 5), key).rstrip(b"=")[:-1],
        "not whole blocks": base64.b64encode(bytes(size - 1)),
        "empty": b"",
    }
    for count in (0, BLOCK + 1, 255):
        made[f"padding of {count}"] = _encrypted(content[: size - 1] + bytes([count]), key)
    for count in range(1, BLOCK + 1):
        for at in range(1, count + 1):
            wrong = bytearray(_padded(content, size, count))
            # The last byte is the count itself: one that is wrong there is a padding of another length.
            wrong[-at] = 0 if at == 1 else wrong[-at] ^ 0x80
            made[f"padding of {count}, wrong at -{at}"] = _encrypted(bytes(wrong), key)
    return made


def _padded(content: bytes, size: int, count: int) -> bytes:
    return content[: size - count] + bytes([count]) * count


def _encrypted(blocks: bytes, key: bytes) -> bytes:
    """The blocks as they are, with no padding added."""
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK))).encryptor()
    return base64.b64encode(encryptor.update(blocks) + encryptor.finalize())
