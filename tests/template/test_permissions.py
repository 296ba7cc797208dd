"""Least privilege: what the function's role may do, action by action and resource by resource."""

import json
from typing import Any

from tests.template.conftest import Expand, Expanded, Json

TRACING = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(stack: Expanded) -> list[tuple[str, Any]]:
    """Every action that the role may take, each with a resource that it may take it on."""
    assert all(statement["Effect"] == "Allow" for statement in stack.statements())
    return [(action, s["Resource"]) for s in stack.statements() for action in as_list(s["Action"])]


def topic_arn(msg_method: str) -> str:
    return f"arn:aws:sns:eu-west-1:111122223333:alipay-{msg_method.replace('.', '-')}"


def test_the_role_may_do_what_the_function_does_and_nothing_else(expand: Expand) -> None:
    stack = expand(MsgMethods="alipay.trade.order.settle.notify,trade_status_sync")

    assert granted(stack) == [
        ("logs:CreateLogStream", {"Fn::GetAtt": ["GatewayLogGroup", "Arn"]}),
        ("logs:PutLogEvents", {"Fn::GetAtt": ["GatewayLogGroup", "Arn"]}),
        ("secretsmanager:GetSecretValue", {"Ref": "Keyring"}),
        ("dynamodb:UpdateItem", {"Fn::GetAtt": ["LedgerTable", "Arn"]}),
        ("sns:Publish", {"Ref": "UnroutedTopic"}),
        # By their full names: `alipay-*` would also reach the topics of a stack called `alipay-staging`.
        ("sns:Publish", topic_arn("alipay.trade.order.settle.notify")),
        ("sns:Publish", topic_arn("trade_status_sync")),
    ]


def test_tracing_adds_the_right_to_send_traces_and_nothing_else(expand: Expand, stack: Expanded) -> None:
    with_tracing = granted(expand(Tracing="true"))

    assert [grant for grant in with_tracing if grant not in granted(stack)] == [(action, "*") for action in TRACING]


def test_forty_msg_methods_fit_into_what_a_role_may_hold(expand: Expand) -> None:
    """The inline policies of a role may hold 10,240 characters, white space not counted."""
    methods = [f"alipay.open.some.quite.long.name.of.method{i}.notify" for i in range(40)]
    statements = expand(MsgMethods=",".join(methods), region="ap-southeast-1").statements()

    assert len(statements) >= 40
    assert sum(len(json.dumps(policy_of(statement), separators=(",", ":"))) for statement in statements) < 10_240


def policy_of(statement: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_lambda_alone_takes_the_role(stack: Expanded) -> None:
    (statement,) = stack.one("AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert stack.one("AWS::Lambda::Function")["Role"] == {"Fn::GetAtt": ["GatewayRole", "Arn"]}
    assert "ManagedPolicyArns" not in stack.one("AWS::IAM::Role")
