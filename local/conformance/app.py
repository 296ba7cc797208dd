"""What an application knows of its Alipay, in every form in which the gateway or an SDK asks for it."""

import base64
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization

from alipay_gateway.keys import AppKeys, parse_keyring
from local.alipay import SimulatedAlipay, generate_aes_key
from local.conformance.certificates import certificate
from local.conformance.deliveries import APP_ID


@dataclass(frozen=True)
class App:
    """`certificate` is Alipay's, in PEM; it also stands in for the root's and the app's own, which verify nothing."""

    alipay: SimulatedAlipay
    certificate: str

    @classmethod
    def generate(cls, *, aes_bits: int = 128) -> "App":
        alipay = SimulatedAlipay.generate(aes_key=generate_aes_key(aes_bits))
        return cls(alipay, certificate(alipay))

    @property
    def private_key(self) -> str:
        """PEM, PKCS#8."""
        return self.alipay.private_pem().decode("ascii")

    @property
    def private_key_pkcs1(self) -> str:
        """One line of base64, as alipay-sdk-python wants it."""
        key = serialization.load_pem_private_key(self.alipay.private_pem(), password=None)
        form = (serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL)
        return base64.b64encode(key.private_bytes(*form, serialization.NoEncryption())).decode("ascii")

    def keyring(self, sign_type: str = "RSA2", *, certified: bool = False) -> dict[str, dict[str, list[str]]]:
        """The gateway's keyring, for an app that allows one sign_type."""
        keys = {"alipay_public_keys": [self.certificate]} if certified else {}
        return {APP_ID: {**self.alipay.keyring_entry(), "sign_types": [sign_type], **keys}}

    def keys(self, sign_type: str = "RSA2", *, certified: bool = False) -> AppKeys:
        """What the gateway reads from that keyring."""
        keys = parse_keyring(json.dumps(self.keyring(sign_type, certified=certified)))[APP_ID]
        if isinstance(keys, str):
            raise TypeError(keys)
        return keys

    def python_keys(self, *, certified: bool = False) -> dict[str, str]:
        """The constructor arguments of python-alipay-sdk."""
        if certified:
            names = ("app_public_key_cert_string", "alipay_public_key_cert_string", "alipay_root_cert_string")
            keys = dict.fromkeys(names, self.certificate)
        else:
            pem = f"-----BEGIN PUBLIC KEY-----\n{self.alipay.public_key}\n-----END PUBLIC KEY-----"
            keys = {"alipay_public_key_string": pem}
        return {"app_private_key_string": self.private_key, **keys}

    def node_config(self, *, certified: bool = False) -> dict[str, str]:
        """The constructor arguments of the Node SDK, but for appId and keyType."""
        if certified:
            names = ("appCertContent", "alipayPublicCertContent", "alipayRootCertContent")
            keys = dict.fromkeys(names, self.certificate)
        else:
            keys = {"alipayPublicKey": self.alipay.public_key}
        return {"privateKey": self.private_key, "encryptKey": self.alipay.aes_key or "", **keys}
