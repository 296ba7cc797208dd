"""The SN that names a certificate in `alipay_cert_sn`, as the gateway and the SDKs compute it."""

from hashlib import md5

import pytest

from local.conformance.app import App
from local.conformance.certificates import ISSUERS, certificate
from local.conformance.drivers import Driver, Sdks
from local.conformance.measurement import gateway_sn

SERIALS = [
    pytest.param(1, id="serial 1"),
    pytest.param(0xA0B1, id="serial whose first bit is set"),
    pytest.param(2**159 - 1, id="the longest serial"),
]
DIFFERS_FROM_NODE = {"a comma", "an emailAddress"}
AS_ALIPAYS = ["as Alipay's: CN, OU, O, C", "Chinese characters"]

_CLASS_2 = "Ant Financial Certification Authority Class 2 R1"
# Written by Java 17's X500Principal.getName(), which Alipay's SDK for Java takes; for an emailAddress it differs.
JAVA_NAMES = {
    "as Alipay's: CN, OU, O, C": f"CN={_CLASS_2},OU=Certification Authority,O=Ant Financial,C=CN",
    "Chinese characters": "CN=蚂蚁金服证书中心,OU=证书中心,O=蚂蚁金服,C=CN",
    "a comma": rf"CN={_CLASS_2},OU=Certification Authority,O=Ant Financial\, Inc.,C=CN",
    "no OU": f"CN={_CLASS_2},O=Ant Financial,C=CN",
    "CN before C in the certificate": f"C=CN,O=Ant Financial,OU=Certification Authority,CN={_CLASS_2}",
    "province and city": f"CN={_CLASS_2},OU=Certification Authority,O=Ant Financial,L=杭州,ST=浙江,C=CN",
}


@pytest.mark.parametrize("serial", SERIALS)
@pytest.mark.parametrize("issuer", JAVA_NAMES)
def test_the_sn_is_md5_over_the_issuer_as_java_writes_it_and_the_decimal_serial(
    app: App, issuer: str, serial: int
) -> None:
    issued = App(app.alipay, certificate(app.alipay, ISSUERS[issuer], serial=serial))

    named = f"{JAVA_NAMES[issuer]}{serial}".encode()
    assert gateway_sn(issued) == md5(named, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("serial", SERIALS)
@pytest.mark.parametrize("issuer", sorted(ISSUERS.keys() - DIFFERS_FROM_NODE))
def test_the_sn_is_the_one_that_the_node_sdk_computes(node: Driver, app: App, issuer: str, serial: int) -> None:
    issued = App(app.alipay, certificate(app.alipay, ISSUERS[issuer], serial=serial))

    assert gateway_sn(issued) == node.ask("certSn", config=issued.node_config(certified=True))


@pytest.mark.parametrize("serial", SERIALS)
@pytest.mark.parametrize("issuer", AS_ALIPAYS)
def test_the_sn_is_the_one_that_python_alipay_sdk_computes(sdks: Sdks, app: App, issuer: str, serial: int) -> None:
    issued = App(app.alipay, certificate(app.alipay, ISSUERS[issuer], serial=serial))

    assert gateway_sn(issued) == sdks.python_alipay_sdk.ask("cert_sn", certificate=issued.certificate)


def test_a_bare_key_has_no_sn(app: App) -> None:
    assert app.keys().public_keys[0].sn == ""
