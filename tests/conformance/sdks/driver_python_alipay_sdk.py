"""PyPI python-alipay-sdk, the widely used SDK that is not Alipay's own, in a process of its own."""

from collections.abc import Mapping
from typing import Any

from alipay import AliPay, DCAliPay  # type: ignore[import-not-found]

from tests.conformance.sdks.answers import answer, form_dict


def verify(*, form: str, keys: Mapping[str, str], sign_type: str = "RSA2", encoding: str = "utf-8") -> dict[str, Any]:
    data = form_dict(form, encoding)
    signature = data.pop("sign")
    parameters = dict(data)  # `verify` takes sign_type out of what it is given
    return {"verified": _alipay(keys, sign_type).verify(data, signature), "parameters": parameters}


def sign(*, parameters: dict[str, str], keys: Mapping[str, str], sign_type: str) -> str:
    """The parameters and their signature as a form, percent-encoded by the SDK."""
    form: str = _alipay(keys, sign_type).sign_data(parameters)
    return form


def cert_sn(*, certificate: str) -> str:
    sn: str = DCAliPay.get_cert_sn(certificate)
    return sn


def _alipay(keys: Mapping[str, str], sign_type: str) -> Any:
    """`keys` are the constructor's own arguments: strings of PEM, for a public key or for certificates."""
    kind = DCAliPay if "alipay_public_key_cert_string" in keys else AliPay
    return kind(appid="2014060600164699", sign_type=sign_type, **keys)


answer({"verify": verify, "sign": sign, "cert_sn": cert_sn})
