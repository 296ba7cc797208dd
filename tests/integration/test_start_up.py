"""What happens before the first delivery. SnapStart keeps all of it for days and starts many instances from it."""

from typing import Any

import pytest
from botocore.awsrequest import AWSRequest

from alipay_gateway.app import build
from alipay_gateway.aws import client_of, new_session
from alipay_gateway.settings import Settings
from tests.support.world import KEYRING, STORES, World
from tests.support.world import new_session as hooked_session


def test_building_the_function_calls_nobody_and_reads_no_clock(world: World) -> None:
    """So no connection, no keyring and no age of one is in a snapshot."""

    def clock() -> float:
        raise AssertionError("asked for the time")

    world.calls.clear()
    build(Settings(STORES, keyring_secret_id=KEYRING, keyring_file=""), hooked_session(), clock)

    assert world.calls == []


def test_a_keyring_is_as_old_as_the_instance_that_read_it(world: World) -> None:
    """An instance started from an old snapshot reads the keyring at its first delivery."""
    handler = world.new_process()
    world.now += 7 * 86_400
    world.calls.clear()

    assert world.deliver(world.notification()) == (200, "success")
    assert world.calls[0] == "GetSecretValue"
    assert handler is world.handler


@pytest.mark.parametrize("service", ["dynamodb", "sns", "secretsmanager"])
def test_the_session_that_starts_up_faster_makes_the_same_clients(service: str) -> None:
    client: Any = client_of(new_session(), service)

    assert client.meta.service_model.service_name == service
    assert client.meta.endpoint_url == f"https://{service}.us-east-1.amazonaws.com"


@pytest.mark.parametrize("data", [b'{"Message":"m"}', "Message=m", b""])
def test_what_is_no_form_is_sent_as_it_is(data: bytes | str) -> None:
    """Lambda's botocore is not ours to pin: should it speak JSON with SNS one day, messages must still go out."""
    request = AWSRequest("POST", "https://sns.us-east-1.amazonaws.com", data=data)

    events = client_of(new_session(), "sns").meta.events
    events.emit("request-created.sns.Publish", request=request, operation_name="Publish")

    assert request.data == data


def test_clients_in_china_call_china() -> None:
    session = new_session()
    session.set_config_variable("region", "cn-north-1")

    endpoints = {client_of(session, service).meta.endpoint_url for service in ("dynamodb", "sns", "secretsmanager")}

    assert all(endpoint.endswith(".cn-north-1.amazonaws.com.cn") for endpoint in endpoints)
