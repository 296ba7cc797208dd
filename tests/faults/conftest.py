from collections.abc import Iterator

import pytest
from moto import mock_aws

from local.alipay import SimulatedAlipay
from tests.faults.stage import Stage
from tests.support.world import World


@pytest.fixture(scope="module")
def stage(alipay: SimulatedAlipay) -> Iterator[Stage]:
    """One world for all the plans of a module, since making one takes long: each plan has a notification of its own."""
    with mock_aws(), Stage(World(alipay)).open() as stage:
        yield stage
