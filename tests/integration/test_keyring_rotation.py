"""Keys that change while the function is warm."""

import pytest

from local.alipay import SimulatedAlipay
from local.messages import ORDER_SETTLE
from tests.support.world import APP, KEYRING, World, aws

SUCCESS = (200, "success")


@pytest.fixture(scope="module")
def next_alipay() -> SimulatedAlipay:
    return SimulatedAlipay.generate()


def test_a_new_key_is_accepted_by_a_warm_function_as_soon_as_it_is_in_the_keyring(
    world: World, next_alipay: SimulatedAlipay
) -> None:
    world.deliver(world.notification())
    world.now += 61
    both = [world.alipay.public_key, next_alipay.public_key]
    world.put_keyring({APP: {"alipay_public_keys": both}})

    assert world.deliver(next_alipay.notification(app_id=APP, **vars(ORDER_SETTLE))) == SUCCESS
    assert world.deliver(world.notification()) == SUCCESS


def test_a_retired_key_is_refused_once_the_cached_keyring_is_old(world: World, next_alipay: SimulatedAlipay) -> None:
    world.deliver(world.notification())
    world.put_keyring({APP: next_alipay.keyring_entry()})
    world.now += 301

    assert world.deliver(world.notification()) == (403, "fail")


def test_a_new_app_is_accepted_by_a_warm_function(world: World, next_alipay: SimulatedAlipay) -> None:
    world.deliver(world.notification())
    world.now += 61
    world.put_keyring({APP: world.alipay.keyring_entry(), "2": next_alipay.keyring_entry()})

    assert world.deliver(next_alipay.notification(app_id="2", **vars(ORDER_SETTLE))) == SUCCESS


def test_forgeries_have_the_keyring_read_once_a_minute_at_most(world: World) -> None:
    forged = world.notification().with_parameter("notify_id", "forged")
    for _ in range(20):
        world.deliver(forged)
    assert world.calls.count("GetSecretValue") == 1

    world.now += 61
    for _ in range(20):
        world.deliver(forged)
    assert world.calls.count("GetSecretValue") == 2


def test_a_broken_entry_takes_only_its_own_app_down(world: World) -> None:
    world.put_keyring({APP: world.alipay.keyring_entry(), "2": {"alipay_public_keys": ["not a key"]}})

    assert world.deliver(world.notification()) == SUCCESS
    assert world.deliver(world.notification(app_id="2")) == (503, "fail")


def test_a_warm_function_serves_on_with_the_keyring_that_it_has(world: World) -> None:
    world.deliver(world.notification())
    aws("secretsmanager").delete_secret(SecretId=KEYRING, ForceDeleteWithoutRecovery=True)
    world.now += 3600

    assert world.deliver(world.notification()) == SUCCESS
    assert world.deliver(world.notification(app_id="2")) == (403, "fail")
