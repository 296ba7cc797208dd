"""The HTTP API, the ledger table and the keyring."""

import json
import re

from alipay_gateway.records import OPEN_CLAIMS_INDEX
from tests.template.conftest import Expand, Expanded


def test_alipay_may_post_and_get_the_one_route(stack: Expanded) -> None:
    paths = stack.one("AWS::ApiGatewayV2::Api")["Body"]["paths"]

    assert paths.keys() == {"/alipay/notify"}
    assert paths["/alipay/notify"].keys() == {"post", "get"}


def test_the_api_hands_its_requests_to_the_live_version_in_payload_2_0(stack: Expanded) -> None:
    for method in stack.one("AWS::ApiGatewayV2::Api")["Body"]["paths"]["/alipay/notify"].values():
        integration = method["x-amazon-apigateway-integration"]
        assert integration["payloadFormatVersion"] == "2.0"
        assert "${GatewayAliaslive}" in str(integration["uri"])
    permissions = [p for p in stack.of_type("AWS::Lambda::Permission").values() if "apigateway" in p["Principal"]]
    assert [permission["FunctionName"] for permission in permissions] == [{"Ref": "GatewayAliaslive"}] * 2


def test_the_api_throttles_as_told(expand: Expand) -> None:
    stage = expand(ThrottlingRateLimit="17", ThrottlingBurstLimit="23").one("AWS::ApiGatewayV2::Stage")

    limits = {name: int(value) for name, value in stage["DefaultRouteSettings"].items()}
    assert limits == {"ThrottlingRateLimit": 17, "ThrottlingBurstLimit": 23}
    assert stage["StageName"] == "$default"


def test_the_access_log_is_json_and_holds_no_query_string(stack: Expanded) -> None:
    settings = stack.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    variables = set(json.loads(settings["Format"]).values())

    assert settings["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
    assert variables == {
        "$context.requestId",
        "$context.requestTime",
        "$context.identity.sourceIp",
        "$context.httpMethod",
        "$context.path",
        "$context.routeKey",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationStatus",
        "$context.integrationLatency",
        "$context.integrationErrorMessage",
        "$context.error.message",
    }


def test_the_ledger_is_keyed_by_notification_and_app(stack: Expanded) -> None:
    table = stack.one("AWS::DynamoDB::Table")

    assert table["KeySchema"] == [
        {"AttributeName": "notify_id", "KeyType": "HASH"},
        {"AttributeName": "app_id", "KeyType": "RANGE"},
    ]
    assert {(a["AttributeName"], a["AttributeType"]) for a in table["AttributeDefinitions"]} == {
        ("notify_id", "S"),
        ("app_id", "S"),
        ("open_shard", "S"),
        ("lease_until", "N"),
    }


def test_open_claims_have_an_index_of_the_bare_keys(stack: Expanded) -> None:
    (index,) = stack.one("AWS::DynamoDB::Table")["GlobalSecondaryIndexes"]

    assert index == {
        "IndexName": OPEN_CLAIMS_INDEX,
        "KeySchema": [
            {"AttributeName": "open_shard", "KeyType": "HASH"},
            {"AttributeName": "lease_until", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def test_the_ledger_costs_by_use_forgets_in_time_and_can_be_restored(stack: Expanded) -> None:
    table = stack.one("AWS::DynamoDB::Table")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_the_ledger_outlives_its_stack_and_a_new_stack_can_have_one_beside_it(stack: Expanded) -> None:
    resource = stack.resources["LedgerTable"]

    # A creation that failed leaves no empty table behind.
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert "TableName" not in resource["Properties"]


def test_no_deployment_can_change_the_keyring(stack: Expanded) -> None:
    keyring = stack.one("AWS::SecretsManager::Secret")

    assert keyring.keys() == {"Name", "Description"}
    assert keyring["Name"] == "alipay/keyring"


def test_the_outputs_say_where_everything_is(stack: Expanded) -> None:
    outputs = {key: output["Value"] for key, output in stack.outputs.items() if not re.match("TopicArn", key)}

    assert outputs.pop("GatewayUrl")
    assert outputs == {
        "HttpApiId": {"Ref": "HttpApi"},
        "FunctionName": {"Ref": "Gateway"},
        "RedriveFunctionName": {"Ref": "Redrive"},
        "ReplayFunctionName": {"Ref": "Replay"},
        "KeyringSecretArn": {"Fn::GetAtt": ["Keyring", "Id"]},
        "LedgerTable": {"Ref": "LedgerTable"},
        "UnroutedTopicArn": {"Ref": "UnroutedTopic"},
        "AlarmTopicArn": {"Ref": "AlarmTopic"},
    }
