"""What the roles, as deployed, may do: real calls with their own credentials, which the emulator's IAM decides upon.

That every action the functions use is allowed, all e2e tests prove; here is what must be refused to them.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.emulator import REGION
from local.services import topic_arn
from local.stack import Stack

Call = tuple[str, str, Mapping[str, Any]]
"""A service, an operation of its boto3 client, and the arguments, in which `{ledger}` and the like stand for names."""

KEY = {"notify_id": {"S": "none"}, "app_id": {"S": "none"}}
IF_THERE = {"Key": KEY, "ConditionExpression": "attribute_exists(notify_id)"}
BY_ID = {"KeyConditionExpression": "notify_id = :id", "ExpressionAttributeValues": {":id": {"S": "none"}}}
EMPTY = {"Message": ""}  # SNS refuses it too, but only to those who may publish.

PUBLISH: list[Call] = [
    ("sns", "publish", {"TopicArn": "{operation_topic}", **EMPTY}),
    ("sns", "publish", {"TopicArn": "{settle_topic}", **EMPTY}),
    ("sns", "publish", {"TopicArn": "{shop_topic}", **EMPTY}),
    ("sns", "publish", {"TopicArn": "{unrouted_topic}", **EMPTY}),
]
UPDATE: Call = ("dynamodb", "update_item", {"TableName": "{ledger}", **IF_THERE})
GET: Call = ("dynamodb", "get_item", {"TableName": "{ledger}", "Key": KEY})
QUERY: Call = ("dynamodb", "query", {"TableName": "{ledger}", **BY_ID})
SCAN: Call = ("dynamodb", "scan", {"TableName": "{ledger}"})
READ_KEYRING: Call = ("secretsmanager", "get_secret_value", {"SecretId": "{keyring}"})

QUERY_INDEX: Call = (
    "dynamodb",
    "query",
    {
        "TableName": "{ledger}",
        "IndexName": "open_claims",
        "KeyConditionExpression": "open_shard = :shard",
        "ExpressionAttributeValues": {":shard": {"S": "0"}},
    },
)

ALLOWED: dict[str, list[Call]] = {
    "GatewayRole": [*PUBLISH, UPDATE, READ_KEYRING],
    "RedriveRole": [*PUBLISH, UPDATE, QUERY_INDEX],
    "ReplayRole": [*PUBLISH, QUERY, SCAN],
}
DENIED: dict[str, list[Call]] = {
    "GatewayRole": [GET, QUERY, QUERY_INDEX, SCAN],
    "RedriveRole": [GET, QUERY, SCAN, READ_KEYRING],
    "ReplayRole": [GET, UPDATE, QUERY_INDEX, READ_KEYRING],
}
DENIED_TO_ALL: list[Call] = [
    # The neighbours, whose names begin alike.
    ("dynamodb", "update_item", {"TableName": "{ledger}-staging", **IF_THERE}),
    ("dynamodb", "query", {"TableName": "{ledger}-staging", **BY_ID}),
    ("sns", "publish", {"TopicArn": "{topics}staging-alipay-trade-order-settle-notify", **EMPTY}),
    ("sns", "publish", {"TopicArn": "{unrouted_topic}-staging", **EMPTY}),
    ("secretsmanager", "get_secret_value", {"SecretId": "{stack}-staging/keyring"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "{stack}/other"}),
    # Its own, in ways that it has no use for.
    ("dynamodb", "put_item", {"TableName": "{ledger}", "Item": KEY, "ConditionExpression": "attribute_exists(app_id)"}),
    ("dynamodb", "delete_item", {"TableName": "{ledger}", **IF_THERE}),
    ("dynamodb", "batch_write_item", {"RequestItems": {"{ledger}": [{"DeleteRequest": {"Key": KEY}}]}}),
    ("dynamodb", "transact_write_items", {"TransactItems": [{"Delete": {"TableName": "{ledger}", **IF_THERE}}]}),
    ("dynamodb", "execute_statement", {"Statement": "DELETE FROM \"{ledger}\" WHERE notify_id='x' AND app_id='x'"}),
    ("dynamodb", "describe_table", {"TableName": "{ledger}"}),
    (
        "dynamodb",
        "update_time_to_live",
        {"TableName": "{ledger}", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires_at"}},
    ),
    ("sns", "subscribe", {"TopicArn": "{settle_topic}", "Protocol": "sqs", "Endpoint": "{queue}"}),
    ("sns", "set_topic_attributes", {"TopicArn": "{settle_topic}", "AttributeName": "DisplayName"}),
    ("sns", "list_topics", {}),
    ("secretsmanager", "put_secret_value", {"SecretId": "{keyring}", "SecretString": "{{}}"}),
    ("secretsmanager", "list_secrets", {}),
    ("logs", "filter_log_events", {"logGroupName": "{log_group}"}),
    ("logs", "put_retention_policy", {"logGroupName": "{log_group}", "retentionInDays": 7}),
    # The rest of the account.
    ("iam", "list_roles", {}),
    ("iam", "put_role_policy", {"RoleName": "{role}", "PolicyName": "more", "PolicyDocument": "{{}}"}),
    ("sts", "assume_role", {"RoleArn": "{role_arn}", "RoleSessionName": "permissions"}),
    ("lambda", "get_function", {"FunctionName": "{function}"}),
    ("lambda", "update_function_configuration", {"FunctionName": "{function}"}),
    ("lambda", "invoke", {"FunctionName": "{function}", "Payload": b"{}"}),
    ("sqs", "list_queues", {}),
    ("s3", "list_buckets", {}),
    ("ssm", "get_parameter", {"Name": "/{stack}/topics/unrouted"}),
    ("cloudformation", "describe_stacks", {"StackName": "{stack}"}),
]
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}


def rows(calls: Mapping[str, list[Call]]) -> list[Any]:
    return [
        pytest.param(role, call, id=f"{role}: {call[0]} {call[1]} {next(iter(call[2].values()), '')}")
        for role, calls_of_role in calls.items()
        for call in calls_of_role
    ]


@pytest.mark.parametrize(("role", "call"), rows(ALLOWED))
def test_the_role_may(make: Callable[[str, Call], str], role: str, call: Call) -> None:
    assert make(role, call) not in REFUSALS


@pytest.mark.parametrize(("role", "call"), rows({role: [*DENIED_TO_ALL, *calls] for role, calls in DENIED.items()}))
def test_the_role_may_not(make: Callable[[str, Call], str], role: str, call: Call) -> None:
    assert make(role, call) in REFUSALS


@pytest.mark.parametrize("role", ALLOWED)
@pytest.mark.parametrize(("group", "decision"), [("", "allowed"), ("-staging", "implicitDeny")])
@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_the_role_may_write_its_own_log(
    stack: Stack, roles: Mapping[str, str], role: str, group: str, decision: str, action: str
) -> None:
    """Simulated: a real call the emulator holds against the group's ARN, where AWS takes the stream's."""
    stream = f"arn:aws:logs:{REGION}:{roles[role].split(':')[4]}:log-group:/aws/lambda/{stack.name}{group}:log-stream:1"

    simulated = stack.client("iam").simulate_principal_policy(
        PolicySourceArn=roles[role], ActionNames=[action], ResourceArns=[stream]
    )

    assert [result["EvalDecision"] for result in simulated["EvaluationResults"]] == [decision]


def test_every_role_of_the_stack_is_tried(roles: Mapping[str, str]) -> None:
    assert set(roles) == set(ALLOWED) == set(DENIED)


@pytest.fixture(scope="module")
def roles(stack: Stack) -> dict[str, str]:
    """The ARN of each role that the template names, by its name there."""
    resources = stack.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"]
    iam = stack.client("iam")
    return {
        resource["LogicalResourceId"]: iam.get_role(RoleName=resource["PhysicalResourceId"])["Role"]["Arn"]
        for resource in resources
        if resource["ResourceType"] == "AWS::IAM::Role"
        if resource["LogicalResourceId"].endswith("Role")
    }


@pytest.fixture(scope="module")
def make(stack: Stack, roles: Mapping[str, str]) -> Callable[[str, Call], str]:
    """Makes a call with a role's own credentials; returns the error's code, or nothing when there was none."""
    names = {
        "stack": stack.name,
        "ledger": stack.outputs["LedgerTable"],
        "keyring": f"{stack.name}/keyring",
        "function": stack.outputs["FunctionName"],
        "log_group": f"/aws/lambda/{stack.name}",
        "operation_topic": topic_arn(stack, "alipay.open.sp.operation.result.notify"),
        "settle_topic": topic_arn(stack, "alipay.trade.order.settle.notify"),
        "shop_topic": topic_arn(stack, "ant.merchant.expand.shop.save.rejected"),
        "unrouted_topic": stack.outputs["UnroutedTopicArn"],
        "queue": stack.outputs["UnroutedTopicArn"].replace(":sns:", ":sqs:"),
        "topics": stack.outputs["UnroutedTopicArn"].removesuffix("unrouted"),
    }
    sessions: dict[str, boto3.Session] = {}

    def make(role: str, call: Call) -> str:
        service, operation, arguments = call
        session = sessions.get(role) or sessions.setdefault(role, _take(stack, roles[role]))
        client: Any = session.client(service, endpoint_url=stack.endpoint)  # type: ignore[call-overload]
        filled = _fill(arguments, names | {"role": roles[role].rpartition("/")[2], "role_arn": roles[role]})
        try:
            getattr(client, operation)(**filled)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    return make


def _take(stack: Stack, role_arn: str) -> boto3.Session:
    """The role is for Lambda alone: a function that has taken it tells its credentials."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("tell.py", "import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    functions, name = stack.client("lambda"), f"permissions-{role_arn.rpartition('/')[2]}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="tell.handler",
        Role=role_arn,
        Code={"ZipFile": archive.getvalue()},
    )
    try:
        told = json.load(functions.invoke(FunctionName=name)["Payload"])
    finally:
        functions.delete_function(FunctionName=name)
    return boto3.Session(
        told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told["AWS_SESSION_TOKEN"], region_name=REGION
    )


def _fill(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(names)
    if isinstance(value, Mapping):
        return {_fill(key, names): _fill(item, names) for key, item in value.items()}
    return [_fill(item, names) for item in value] if isinstance(value, list) else value
