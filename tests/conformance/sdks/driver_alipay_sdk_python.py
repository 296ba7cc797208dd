"""Alipay's own SDK for Python, PyPI alipay-sdk-python, in a process of its own.

It has no function for notifications: users put its parts together as `verify` does.
"""

from collections.abc import Mapping
from typing import Any

from alipay.aop.api.util import EncryptUtils, SignatureUtils  # type: ignore[import-not-found]

from tests.conformance.sdks.answers import answer, form_dict


def verify(*, form: str, public_key: str, encoding: str = "utf-8", keep_sign_type: bool = False) -> dict[str, Any]:
    parameters = form_dict(form, encoding)
    signature = parameters.pop("sign")
    signed = dict(parameters)
    if not keep_sign_type:
        signed.pop("sign_type")
    content = SignatureUtils.get_sign_content(signed).encode(encoding)
    verified = SignatureUtils.verify_with_rsa(public_key, content, signature)
    return {"verified": verified, "parameters": parameters}


def sign(*, parameters: Mapping[str, str], private_key: str, sign_type: str, charset: str) -> str:
    function = SignatureUtils.sign_with_rsa if sign_type == "RSA" else SignatureUtils.sign_with_rsa2
    signature: str = function(private_key, SignatureUtils.get_sign_content(parameters), charset)
    return signature


def encrypt(*, content: str, key: str, charset: str) -> str:
    ciphertext: str = EncryptUtils.encrypt_content(content, "AES", key, charset)
    return ciphertext


def decrypt(*, content: str, key: str, charset: str) -> str:
    plaintext: str = EncryptUtils.decrypt_content(content, "AES", key, charset)
    return plaintext


answer({"verify": verify, "sign": sign, "encrypt": encrypt, "decrypt": decrypt})
