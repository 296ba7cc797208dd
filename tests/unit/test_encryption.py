"""biz_content ciphertext, made by the simulated Alipay and by openssl, back to text."""

import base64
import json
from itertools import count

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway.encryption import decrypt
from alipay_gateway.errors import CannotDecrypt
from local.alipay import encrypt

UTF_8, GBK = ("utf-8",), ("gb18030",)
KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"
REFUSAL = "The biz_content does not decrypt to JSON with any AES key of the app"


def ciphertext(plaintext: bytes, key: bytes = KEY) -> bytes:
    return encrypt(plaintext, base64.b64encode(key).decode()).encode()


def raw_aes(blocks: bytes, key: bytes = KEY) -> bytes:
    """Blocks encrypted as they are, with no padding added, in base64."""
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return base64.b64encode(encryptor.update(blocks) + encryptor.finalize())


def test_what_openssl_encrypted_is_decrypted() -> None:
    # openssl enc -aes-192-cbc -K <the key in hex> -iv 0…, of the text in GBK
    made = b"IL8eKpf5tVnv9mYEkotRVz91wiex3mj3zIoz9SdEQ+YwesJ1BN/VDs/j1vix4VwU"
    assert decrypt(made, [b"0123456789abcdefFGHIPQRS"], GBK) == '{"amount":10.00,"reason":"资料"}'


@pytest.mark.parametrize("size", [16, 24, 32])
def test_each_key_size_decrypts(size: int) -> None:
    key = bytes(range(size))
    assert decrypt(ciphertext(b'{"a":10.00}', key), [key], UTF_8) == '{"a":10.00}'


@pytest.mark.parametrize("keys", [[KEY, OTHER], [OTHER, KEY], [bytes(32), bytes(24), KEY]])
def test_with_several_keys_any_of_them_may_decrypt(keys: list[bytes]) -> None:
    assert decrypt(ciphertext(b"{}"), keys, UTF_8) == "{}"


@pytest.mark.parametrize(
    ("text", "codecs"),
    [
        pytest.param('{"reason":"资料镕𠮷"}', UTF_8, id="UTF-8"),
        pytest.param('{"reason":"资料镕𠮷"}', GBK, id="GBK"),
        pytest.param('{"reason":"资料"}', (*UTF_8, *GBK), id="unknown, in fact UTF-8"),
    ],
)
def test_the_plaintext_is_in_the_charset(text: str, codecs: tuple[str, ...]) -> None:
    assert decrypt(ciphertext(text.encode(codecs[0])), [KEY], codecs) == text


def test_a_plaintext_in_an_unknown_charset_is_read_as_gb18030_when_it_is_not_utf_8() -> None:
    assert decrypt(ciphertext('{"reason":"资料"}'.encode("gbk")), [KEY], (*UTF_8, *GBK)) == '{"reason":"资料"}'


@given(text=st.text(st.characters(codec="utf-8"), max_size=80))
def test_plaintexts_of_any_length_come_back(text: str) -> None:
    plaintext = json.dumps(text, ensure_ascii=False)
    assert decrypt(ciphertext(plaintext.encode()), [KEY], UTF_8) == plaintext


def key_that_passes_the_padding(made: bytes) -> bytes:
    """A wrong key under which the last byte happens to be 1, which is a correct padding."""
    for number in count():
        key = number.to_bytes(16, "big")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
        if (decryptor.update(base64.b64decode(made)) + decryptor.finalize())[-1] == 1:
            return key
    raise AssertionError


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        pytest.param(ciphertext(b"{}"), [], id="no key"),
        pytest.param(ciphertext(b"{}"), [OTHER], id="wrong key"),
        pytest.param(ciphertext(b"{}"), [OTHER, bytes(24), bytes(32)], id="several wrong keys"),
        pytest.param(
            ciphertext(b"{}"), [key_that_passes_the_padding(ciphertext(b"{}"))], id="wrong key, padding right"
        ),
        pytest.param(raw_aes(b"{}" + b"\x00" * 14), [KEY], id="zero padding"),
        pytest.param(raw_aes(b"{}" + b"\x00" * 13 + b"\x0e"), [KEY], id="only the last byte pads"),
        pytest.param(raw_aes(b" " * 14 + b"{}"), [KEY], id="no padding"),
        pytest.param(raw_aes(b"{}" + b"\x11" * 14), [KEY], id="padding longer than a block"),
        pytest.param(raw_aes(b"\x10" * 16), [KEY], id="nothing but padding"),
        pytest.param(b"", [KEY], id="empty"),
        pytest.param(b"%%%%", [KEY], id="not base64"),
        pytest.param("密文".encode(), [KEY], id="not ASCII"),
        pytest.param(b'{"a":1}', [KEY], id="not encrypted"),
        pytest.param(ciphertext(b"{}") + b"\n", [KEY], id="base64 and a line end"),
        pytest.param(ciphertext(b"{}").rstrip(b"="), [KEY], id="base64 without its padding"),
        pytest.param(base64.b64encode(b"x" * 15), [KEY], id="15 bytes"),
        pytest.param(base64.b64encode(b"x" * 17), [KEY], id="17 bytes"),
        pytest.param(ciphertext(b"\xd6\xd0"), [KEY], id="plaintext in another charset"),
        pytest.param(ciphertext(b"no JSON"), [KEY], id="plaintext that is not JSON"),
    ],
)
def test_every_failure_is_told_in_the_same_words(made: bytes, keys: list[bytes]) -> None:
    with pytest.raises(CannotDecrypt) as refusal:
        decrypt(made, keys, UTF_8)
    assert (str(refusal.value), refusal.value.__cause__, refusal.value.__context__) == (REFUSAL, None, None)
