"""Who outside the account may subscribe to the topics, and what else that lets them do: nothing."""

import re
from typing import Any

import pytest

from tests.template.conftest import Expand, Expanded, Json

ACCOUNTS = ["444455556666", "777788889999"]
ORGANIZATION = "o-a1b2c3d4e5"
METHODS = "alipay.trade.order.settle.notify,trade_status_sync"
TOPICS = [
    "arn:aws:sns:eu-west-1:111122223333:alipay-alipay-trade-order-settle-notify",
    "arn:aws:sns:eu-west-1:111122223333:alipay-trade_status_sync",
    {"Ref": "UnroutedTopic"},
]
WITHIN_AWS = {"sns:Protocol": ["sqs", "lambda", "firehose"]}


def policies(stack: Expanded) -> list[tuple[Any, list[Json]]]:
    """Every topic that has a policy, with the policy's statements."""
    found = stack.of_type("AWS::SNS::TopicPolicy").values()
    return [(topic, policy["PolicyDocument"]["Statement"]) for policy in found for topic in policy["Topics"]]


def test_nobody_outside_the_account_may_subscribe_until_told(stack: Expanded) -> None:
    assert policies(stack) == []


def test_listed_accounts_may_subscribe_to_every_topic_and_nothing_else(expand: Expand) -> None:
    stack = expand(MsgMethods=METHODS, SubscriberAccounts=", ".join(ACCOUNTS))

    assert policies(stack) == [
        (
            topic,
            [
                {
                    "Sid": "SubscriberAccounts",
                    "Effect": "Allow",
                    "Principal": {"AWS": ACCOUNTS},
                    "Action": "sns:Subscribe",
                    "Resource": topic,
                    "Condition": {"StringEqualsIfExists": WITHIN_AWS},
                }
            ],
        )
        for topic in TOPICS
    ]


def test_an_organization_may_subscribe_to_every_topic_and_nobody_without_it(expand: Expand) -> None:
    stack = expand(MsgMethods=METHODS, SubscriberOrganization=ORGANIZATION)

    assert policies(stack) == [
        (
            topic,
            [
                {
                    "Sid": "SubscriberOrganization",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": "sns:Subscribe",
                    "Resource": topic,
                    "Condition": {
                        "StringEquals": {"aws:PrincipalOrgID": ORGANIZATION},
                        "StringEqualsIfExists": WITHIN_AWS,
                    },
                }
            ],
        )
        for topic in TOPICS
    ]


def test_accounts_and_an_organization_have_a_statement_each(expand: Expand) -> None:
    stack = expand(SubscriberAccounts=ACCOUNTS[0], SubscriberOrganization=ORGANIZATION)

    assert len(policies(stack)) == len(stack.message_topics())
    for _, statements in policies(stack):
        assert [s["Sid"] for s in statements] == ["SubscriberAccounts", "SubscriberOrganization"]


def test_a_policy_comes_after_its_topic(expand: Expand) -> None:
    """After the function, whose change lasts longer, since a loop's resource can't name another of the loop."""
    stack = expand(MsgMethods=METHODS, SubscriberAccounts=ACCOUNTS[0])

    policies_of_the_loop = [name for name in stack.of_type("AWS::SNS::TopicPolicy") if name != "UnroutedSubscribers"]
    assert len(policies_of_the_loop) == 2
    assert {stack.resources[name]["DependsOn"] for name in policies_of_the_loop} == {"Gateway"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("SubscriberAccounts", ""),
        ("SubscriberAccounts", "444455556666"),
        ("SubscriberOrganization", ""),
        ("SubscriberOrganization", "o-a1b2c3d4e5"),
    ],
)
def test_it_is_accepted(source: Json, parameter: str, value: str) -> None:
    assert re.fullmatch(source["Parameters"][parameter]["AllowedPattern"], value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        pytest.param("SubscriberAccounts", "*", id="everybody"),
        pytest.param("SubscriberAccounts", "44445555666", id="eleven digits"),
        pytest.param("SubscriberAccounts", "arn:aws:iam::444455556666:root", id="an ARN"),
        pytest.param("SubscriberOrganization", "*", id="any organization"),
        pytest.param("SubscriberOrganization", "ou-a1b2-c3d4e5f6", id="an organizational unit"),
    ],
)
def test_it_is_refused(source: Json, parameter: str, value: str) -> None:
    assert not re.fullmatch(source["Parameters"][parameter]["AllowedPattern"], value)
