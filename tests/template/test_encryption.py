"""A key of one's own for what is stored, and what the roles may do with it."""

import re
from typing import Any

import pytest

from tests.template.conftest import KEY_ARN, Expand, Expanded, Json


@pytest.fixture(scope="module")
def encrypted(expand: Expand) -> Expanded:
    return expand(KmsKeyArn=KEY_ARN)


def key_statements(stack: Expanded, role_id: str) -> list[Json]:
    return [s for s in stack.statements(role_id) if "kms:" in str(s["Action"])]


def test_every_topic_of_messages_the_ledger_and_the_keyring_are_encrypted_with_the_key(encrypted: Expanded) -> None:
    topics = encrypted.message_topics()

    assert {topic.get("KmsMasterKeyId") for topic in topics} == {KEY_ARN}
    assert encrypted.one("AWS::DynamoDB::Table")["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": KEY_ARN,
    }
    assert encrypted.one("AWS::SecretsManager::Secret")["KmsKeyId"] == KEY_ARN


@pytest.mark.parametrize("role_id", ["GatewayRole", "RedriveRole", "ReplayRole"])
def test_without_a_key_nothing_speaks_of_one(stack: Expanded, role_id: str) -> None:
    topics = stack.of_type("AWS::SNS::Topic").values()

    assert [topic for topic in topics if "KmsMasterKeyId" in topic] == []
    assert stack.one("AWS::DynamoDB::Table")["SSESpecification"] == {"SSEEnabled": True}
    assert "KmsKeyId" not in stack.one("AWS::SecretsManager::Secret")
    assert key_statements(stack, role_id) == []


@pytest.mark.parametrize(
    ("role_id", "services"),
    [
        ("GatewayRole", ["secretsmanager", "dynamodb", "sns"]),
        ("RedriveRole", ["dynamodb", "sns"]),
        ("ReplayRole", ["dynamodb", "sns"]),
    ],
)
@pytest.mark.parametrize(("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1")])
def test_a_role_may_use_that_key_alone_and_through_the_services_it_uses(
    expand: Expand, role_id: str, services: list[str], partition: str, region: str
) -> None:
    key = KEY_ARN.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region)
    actions: dict[str, Any] = {"sns": ["kms:GenerateDataKey*", "kms:Decrypt"]}

    granted = [
        (s["Action"], s["Resource"], s["Condition"])
        for s in key_statements(expand(KmsKeyArn=key, partition=partition, region=region), role_id)
    ]

    # The names of services here end in .amazonaws.com in every partition, the China regions included.
    assert granted == [
        (
            actions.get(service, "kms:Decrypt"),
            key,
            {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}},
        )
        for service in services
    ]


@pytest.mark.parametrize("arn", ["", KEY_ARN, "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234abcd"])
def test_a_key_is_accepted(source: Json, arn: str) -> None:
    assert re.fullmatch(source["Parameters"]["KmsKeyArn"]["AllowedPattern"], arn)


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("arn:aws:kms:eu-west-1:111122223333:alias/alipay", id="an alias"),
        pytest.param("1234abcd-12ab-34cd-56ef-1234567890ab", id="a key's id"),
        pytest.param("arn:aws:kms:eu-west-1:111122223333:key/*", id="any key"),
    ],
)
def test_what_a_policy_could_not_name_is_refused(source: Json, arn: str) -> None:
    assert not re.fullmatch(source["Parameters"]["KmsKeyArn"]["AllowedPattern"], arn)
