from collections.abc import Iterator

import pytest
from moto import mock_aws

from local.alipay import SimulatedAlipay
from tests.support.world import World


@pytest.fixture
def world(alipay: SimulatedAlipay, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A gateway of its own on an empty AWS; botocore does not wait between its attempts."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    with mock_aws():
        yield World(alipay)
