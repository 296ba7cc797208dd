"""The SDKs, set up once on a machine and started once in a session, and an app that each of them signs for."""

from collections.abc import Callable, Iterator

import pytest

from local.conformance.app import App
from local.conformance.deliveries import SENT_MS
from local.conformance.drivers import Driver, Sdks, running_sdks
from local.conformance.environments import why_no_node
from tests.support.offline import OfflineGateway
from tests.support.wire import body_event

Publish = Callable[..., str]


@pytest.fixture(scope="session")
def sdks() -> Iterator[Sdks]:
    with running_sdks() as running:
        yield running


@pytest.fixture
def node(sdks: Sdks) -> Driver:
    if sdks.node is None:
        pytest.skip(why_no_node())
    return sdks.node


@pytest.fixture(scope="session")
def app() -> App:
    return App.generate()


@pytest.fixture
def published(app: App) -> Publish:
    """Delivers a form to the function, which must answer `success`; returns the `data` that it publishes, as text."""

    def deliver(form: bytes, *, by: App = app, sign_type: str = "RSA2", certified: bool = False) -> str:
        gateway = OfflineGateway(by.keyring(sign_type, certified=certified), now=SENT_MS / 1000 + 1)
        delivery = gateway.deliver(body_event(form))
        assert (delivery.status, delivery.body) == (200, "success"), delivery.line
        (message,) = delivery.published
        event: str = message["Message"]
        return event.partition(',"data":')[2].removesuffix("}")

    return deliver


@pytest.fixture(scope="session")
def apps_with_aes() -> dict[int, App]:
    """By the bits of their AES key."""
    return {bits: App.generate(aes_bits=bits) for bits in (128, 192, 256)}
