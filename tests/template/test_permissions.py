"""Least privilege: what the function's role may do, action by action and resource by resource."""

import json
from typing import Any

import pytest

from tests.template.conftest import KEY_ARN, Expand, Expanded, Json

TRACING = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(stack: Expanded, role_id: str = "GatewayRole") -> list[tuple[str, Any]]:
    """Every action that a role may take, each with a resource that it may take it on."""
    statements = stack.statements(role_id)
    assert all(statement["Effect"] == "Allow" for statement in statements)
    return [(action, s["Resource"]) for s in statements for action in as_list(s["Action"])]


def topic_arn(msg_method: str) -> str:
    return f"arn:aws:sns:eu-west-1:111122223333:alipay-{msg_method.replace('.', '-')}"


LOG = [
    ("logs:CreateLogStream", {"Fn::GetAtt": ["GatewayLogGroup", "Arn"]}),
    ("logs:PutLogEvents", {"Fn::GetAtt": ["GatewayLogGroup", "Arn"]}),
]
LEDGER = {"Fn::GetAtt": ["LedgerTable", "Arn"]}
# A Fn::Sub: the expansion on this machine, unlike CloudFormation's, leaves its name out.
OPEN_CLAIMS = "${LedgerTable.Arn}/index/open_claims"


@pytest.mark.parametrize(
    ("role_id", "of_its_own"),
    [
        (
            "GatewayRole",
            [("secretsmanager:GetSecretValue", {"Fn::GetAtt": ["Keyring", "Id"]}), ("dynamodb:UpdateItem", LEDGER)],
        ),
        (
            "RedriveRole",
            [
                ("dynamodb:Query", OPEN_CLAIMS),
                ("dynamodb:UpdateItem", LEDGER),
            ],
        ),
        ("ReplayRole", [("dynamodb:Query", LEDGER), ("dynamodb:Scan", LEDGER)]),
    ],
)
def test_a_role_may_do_what_its_function_does_and_nothing_else(
    expand: Expand, role_id: str, of_its_own: list[tuple[str, Any]]
) -> None:
    stack = expand(MsgMethods="alipay.trade.order.settle.notify,trade_status_sync")

    # By their full names: `alipay-*` would also reach the topics of a stack called `alipay-staging`.
    topics = [{"Ref": "UnroutedTopic"}, topic_arn("alipay.trade.order.settle.notify"), topic_arn("trade_status_sync")]
    expected = [*LOG, *of_its_own, *(("sns:Publish", topic) for topic in topics)]
    assert sorted(granted(stack, role_id), key=str) == sorted(expected, key=str)


def test_tracing_adds_the_right_to_send_traces_and_nothing_else(expand: Expand, stack: Expanded) -> None:
    with_tracing = granted(expand(Tracing="true"))

    assert [grant for grant in with_tracing if grant not in granted(stack)] == [(action, "*") for action in TRACING]


def test_forty_msg_methods_fit_into_what_a_role_may_hold(expand: Expand) -> None:
    """The inline policies of a role may hold 10,240 characters, white space not counted."""
    methods = [f"alipay.open.some.quite.long.name.of.method{i}.notify" for i in range(40)]
    stack = expand(MsgMethods=",".join(methods), region="ap-southeast-1", Tracing="true", KmsKeyArn=KEY_ARN)
    statements = stack.statements()

    assert len(statements) >= 40
    assert sum(len(json.dumps(policy_of(statement), separators=(",", ":"))) for statement in statements) < 10_240


def policy_of(statement: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("function", ["Gateway", "Redrive", "Replay"])
def test_a_function_has_a_role_of_its_own_that_lambda_alone_takes(stack: Expanded, function: str) -> None:
    role = stack.of_type("AWS::IAM::Role")[f"{function}Role"]

    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "ManagedPolicyArns" not in role
    assert stack.function(function)["Role"] == {"Fn::GetAtt": [f"{function}Role", "Arn"]}
