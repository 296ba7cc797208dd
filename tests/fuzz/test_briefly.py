"""Every target for a moment; `make fuzz` goes on for as long as one likes."""

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.fuzz.targets import TARGETS

SLOW = {"notification", "genuine", "ordinary"}
# Without shrinking, which would take minutes: what fails tells its input.
brief = settings(phases=(Phase.reuse, Phase.generate), suppress_health_check=list(HealthCheck))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_hostile_or_odd_breaks(name: str) -> None:
    settings(brief, max_examples=40 if name in SLOW else 250)(TARGETS[name])()
