"""The real stack, deployed once for all e2e tests to an emulated AWS on a port of its own."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from rich.console import Console

from local.alipay import SimulatedAlipay
from local.demo import APP, OTHER_APP
from local.services import Service, subscribe
from local.stack import STATE, Stack, running_stack

_numbers = count(1)

NewQueue = Callable[..., str]


@pytest.fixture(scope="session")
def other_alipay() -> SimulatedAlipay:
    """Alipay as another app knows it, which is in certificate mode."""
    return SimulatedAlipay.generate().with_certificate()


@pytest.fixture(scope="session")
def stack(alipay: SimulatedAlipay, other_alipay: SimulatedAlipay) -> Iterator[Stack]:
    with running_stack(STATE / "e2e", Console(stderr=True)) as running:
        running.put_keyring({APP: alipay.keyring_entry(), OTHER_APP: other_alipay.keyring_entry()})
        yield running


@pytest.fixture
def new_queue(stack: Stack) -> NewQueue:
    """Subscribes a new service to msg_methods; returns its queue's URL."""

    def make(*msg_methods: str, filter_policy: dict[str, object] | None = None) -> str:
        return subscribe(stack, Service(f"service-{next(_numbers)}", msg_methods, filter_policy))

    return make
