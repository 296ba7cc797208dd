"""What the unit tests share: keys, made once, because making RSA keys takes long."""

import json

import pytest

from alipay_gateway.keys import AppKeys, parse_keyring
from local.alipay import SimulatedAlipay


@pytest.fixture(scope="session")
def stranger() -> SimulatedAlipay:
    """Somebody else with a key pair: a forger, the Alipay of another app, or a key to rotate to."""
    return SimulatedAlipay.generate()


@pytest.fixture(scope="session")
def keys(alipay: SimulatedAlipay) -> AppKeys:
    """The keys of an app that `alipay` signs for."""
    entry = parse_keyring(json.dumps({"app": alipay.keyring_entry()}))["app"]
    assert isinstance(entry, AppKeys)
    return entry
