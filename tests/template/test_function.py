"""The function, its environment, its versions, and what it logs."""

import pytest

from alipay_gateway.ledger import LEASE_MS
from alipay_gateway.settings import Settings
from tests.template.conftest import KEY_ARN, Expand, Expanded, Json


def environment(stack: Expanded) -> Json:
    variables: Json = stack.function()["Environment"]["Variables"]
    return variables


def version(stack: Expanded) -> str:
    """The logical id of the published version: another one is another version."""
    (logical_id,) = stack.of_type("AWS::Lambda::Version")
    assert stack.one("AWS::Lambda::Alias")["FunctionVersion"] == {"Fn::GetAtt": [logical_id, "Version"]}
    return logical_id


def test_every_environment_variable_is_set_and_no_other(stack: Expanded) -> None:
    assert environment(stack).keys() == {
        "LEDGER_TABLE",
        "TOPIC_ARN_PREFIX",
        "MSG_METHODS",
        "UNROUTED_TOPIC_ARN",
        "KEYRING_SECRET_ID",
        "RETENTION_DAYS",
        "POWERTOOLS_SERVICE_NAME",
        "PARAMETERS",
    }


def test_the_settings_accept_the_environment(expand: Expand) -> None:
    stack = expand(MsgMethods="alipay.trade.order.settle.notify,trade_status_sync", RetentionDays="45")

    settings = Settings.from_env({name: str(value) for name, value in environment(stack).items()})

    assert settings.stores.msg_methods == {"alipay.trade.order.settle.notify", "trade_status_sync"}
    assert settings.stores.topic_arn_prefix == "arn:aws:sns:eu-west-1:111122223333:alipay-"
    assert settings.stores.retention_days == 45


def test_the_variables_name_the_stacks_own_resources(stack: Expanded) -> None:
    values = {name: value for name, value in environment(stack).items() if isinstance(value, dict)}
    references = {name: value.get("Ref") or value["Fn::GetAtt"][0] for name, value in values.items()}

    assert {name: stack.resources[resource]["Type"] for name, resource in references.items()} == {
        "LEDGER_TABLE": "AWS::DynamoDB::Table",
        "KEYRING_SECRET_ID": "AWS::SecretsManager::Secret",
        "UNROUTED_TOPIC_ARN": "AWS::SNS::Topic",
    }


def test_the_function_ends_before_the_api_gives_up_and_before_its_lease_does(stack: Expanded) -> None:
    timeout = stack.function()["Timeout"]

    assert timeout < 30
    assert timeout * 1000 < LEASE_MS


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_the_function_gets_the_layer_of_its_architecture(expand: Expand, architecture: str) -> None:
    stack = expand(Architecture=architecture)
    function = stack.function()

    (layer,) = function["Layers"]
    assert function["Architectures"] == [architecture]
    assert stack.resources[layer["Ref"]]["Properties"]["CompatibleArchitectures"] == [architecture]
    assert stack.resources[layer["Ref"]]["Properties"]["CompatibleRuntimes"] == [function["Runtime"]]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("MsgMethods", "alipay.trade.order.settle.notify"),
        ("RetentionDays", "31"),
        ("MemorySize", "1024"),
        ("Architecture", "x86_64"),
        ("Tracing", "true"),
        ("SnapStart", "true"),
    ],
)
def test_a_change_of_a_parameter_alone_publishes_a_version(
    expand: Expand, stack: Expanded, parameter: str, value: str
) -> None:
    """Requests reach the version behind the alias: without a new one the change would do nothing."""
    assert version(expand(**{parameter: value})) != version(stack)


def test_a_deployment_that_changes_nothing_of_the_function_publishes_no_version(
    expand: Expand, stack: Expanded
) -> None:
    changed = expand(
        LogRetentionDays="7", ThrottlingRateLimit="7", SubscriberAccounts="444455556666", KmsKeyArn=KEY_ARN
    )

    assert version(changed) == version(stack)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_a_new_layer_alone_publishes_a_version(expand: Expand, architecture: str) -> None:
    """A version whose description changes is replaced by a new one, and a layer's ARN ends in its number."""
    stack = expand(Architecture=architecture)

    assert [stack.one("AWS::Lambda::Version")["Description"]] == stack.function()["Layers"]


def test_traces_and_snapshots_are_off_until_asked_for(stack: Expanded) -> None:
    function = stack.function()

    assert function["TracingConfig"] == {"Mode": "PassThrough"}
    assert "SnapStart" not in function


def test_traces_and_snapshots_are_on_when_asked_for(expand: Expand) -> None:
    function = expand(Tracing="true", SnapStart="true").function()

    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_the_china_regions_have_neither_traces_nor_snapshots_even_when_asked_for(expand: Expand) -> None:
    stack = expand(partition="aws-cn", region="cn-north-1", Tracing="true", SnapStart="true")
    function = stack.function()

    assert function["TracingConfig"] == {"Mode": "PassThrough"}
    assert "SnapStart" not in function
    assert "xray" not in str(stack.statements())


def test_the_function_logs_to_the_group_it_may_write_to(stack: Expanded) -> None:
    assert stack.function()["LoggingConfig"] == {
        "LogGroup": {"Ref": "GatewayLogGroup"},
    }


def test_every_log_group_ends_its_entries_after_the_chosen_days(expand: Expand) -> None:
    groups = expand(LogRetentionDays="90").of_type("AWS::Logs::LogGroup")

    assert {name: int(group["RetentionInDays"]) for name, group in groups.items()} == {
        "AccessLogGroup": 90,
        "GatewayLogGroup": 90,
    }


def test_the_function_shares_the_accounts_concurrency_unless_it_gets_its_own(expand: Expand) -> None:
    assert "ReservedConcurrentExecutions" not in expand().function()
    assert int(expand(ReservedConcurrency="50").function()["ReservedConcurrentExecutions"]) == 50
    assert "ReservedConcurrentExecutions" not in expand(ReservedConcurrency="50").function("Redrive")
