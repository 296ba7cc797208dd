"""The function's environment: complete, or refused with the name of what is missing."""

import pytest

from alipay_gateway.settings import Settings, Stores

SECRET = {
    "LEDGER_TABLE": "ledger",
    "TOPIC_ARN_PREFIX": "arn:aws:sns:us-east-1:123456789012:gateway-",
    "MSG_METHODS": "alipay.trade.order.settle.notify,ant.merchant.expand.shop.save.rejected",
    "UNROUTED_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:gateway-unrouted",
    "KEYRING_SECRET_ID": "gateway/keyring",
    "RETENTION_DAYS": "7",
}
FILE = {name: value for name, value in SECRET.items() if name != "KEYRING_SECRET_ID"} | {"KEYRING_FILE": "keyring.json"}


def test_the_environment_of_a_deployed_function() -> None:
    stores = Stores(
        ledger_table="ledger",
        retention_days=7,
        topic_arn_prefix="arn:aws:sns:us-east-1:123456789012:gateway-",
        msg_methods=frozenset({"alipay.trade.order.settle.notify", "ant.merchant.expand.shop.save.rejected"}),
        unrouted_topic_arn="arn:aws:sns:us-east-1:123456789012:gateway-unrouted",
    )
    assert Settings.from_env(SECRET) == Settings(stores, keyring_secret_id="gateway/keyring", keyring_file="")  # noqa: S106  its name


def test_a_function_that_verifies_nothing_needs_no_keyring() -> None:
    without = {name: value for name, value in SECRET.items() if name != "KEYRING_SECRET_ID"}
    assert Stores.from_env(without) == Settings.from_env(SECRET).stores


@pytest.mark.parametrize("other", [{}, {"KEYRING_SECRET_ID": ""}], ids=["missing", "blank"])
def test_a_keyring_file_instead_of_the_secret(other: dict[str, str]) -> None:
    settings = Settings.from_env({**FILE, **other})
    assert (settings.keyring_file, settings.keyring_secret_id) == ("keyring.json", "")


@pytest.mark.parametrize("name", ["LEDGER_TABLE", "TOPIC_ARN_PREFIX", "MSG_METHODS", "UNROUTED_TOPIC_ARN"])
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        Settings.from_env({n: v for n, v in SECRET.items() if n != name})


@pytest.mark.parametrize(
    "keyring",
    [
        pytest.param({}, id="neither"),
        pytest.param({"KEYRING_SECRET_ID": "", "KEYRING_FILE": ""}, id="both blank"),
        pytest.param({"KEYRING_SECRET_ID": "gateway/keyring", "KEYRING_FILE": "keyring.json"}, id="both"),
    ],
)
def test_the_keyring_is_in_one_place(keyring: dict[str, str]) -> None:
    without = {name: value for name, value in SECRET.items() if name != "KEYRING_SECRET_ID"}
    with pytest.raises(ValueError, match="one of KEYRING_SECRET_ID and KEYRING_FILE"):
        Settings.from_env({**without, **keyring})


def test_retention_is_30_days_unless_set() -> None:
    assert Settings.from_env({n: v for n, v in SECRET.items() if n != "RETENTION_DAYS"}).stores.retention_days == 30


def test_two_days_are_the_shortest_retention() -> None:
    assert Settings.from_env({**SECRET, "RETENTION_DAYS": "2"}).stores.retention_days == 2


@pytest.mark.parametrize("days", ["1", "0", "-30"])
def test_a_retention_shorter_than_the_retries_is_refused(days: str) -> None:
    with pytest.raises(ValueError, match="RETENTION_DAYS must be from 2"):
        Settings.from_env({**SECRET, "RETENTION_DAYS": days})


@pytest.mark.parametrize("days", ["", "a month", "7.5"])
def test_a_retention_that_is_no_number_is_refused(days: str) -> None:
    with pytest.raises(ValueError, match="RETENTION_DAYS"):
        Settings.from_env({**SECRET, "RETENTION_DAYS": days})


@pytest.mark.parametrize(
    ("listed", "msg_methods"),
    [
        pytest.param("a.b", {"a.b"}, id="one"),
        pytest.param(" a.b , c.d\n", {"a.b", "c.d"}, id="white space"),
        pytest.param("a.b,,c.d,", {"a.b", "c.d"}, id="empty pieces"),
        pytest.param("a.b,a.b", {"a.b"}, id="twice"),
        pytest.param("", set(), id="none: everything goes to the catch-all"),
    ],
)
def test_msg_methods_are_separated_by_commas(listed: str, msg_methods: set[str]) -> None:
    assert Settings.from_env({**SECRET, "MSG_METHODS": listed}).stores.msg_methods == msg_methods
