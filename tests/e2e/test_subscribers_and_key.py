"""Subscribers in other accounts, and keys of one's own."""

import json

import pytest
from botocore.exceptions import ClientError

from local.alipay import SimulatedAlipay, deliver
from local.demo import APP
from local.messages import ORDER_SETTLE
from local.services import topic_arn
from local.stack import STATE, Stack, sam_deploy
from tests.support.example import NAME, deploy_subscriber, in_account, port

LISTED, MEMBER, STRANGER = "444455556666", "555566667777", "777788889999"
ADMITTED = pytest.mark.parametrize("account", [LISTED, MEMBER], ids=["listed", "of the organization"])


@pytest.fixture(scope="module")
def shared(stack: Stack) -> Stack:
    """The stack, which a listed account and an organization may subscribe to, encrypted with a key of its account."""
    organization = in_account(MEMBER, "organizations", stack).describe_organization()["Organization"]["Id"]
    in_account(STRANGER, "organizations", stack).describe_organization()
    key = stack.client("kms").create_key(Description="The gateway's")["KeyMetadata"]["Arn"]
    parameters = {"SubscriberAccounts": LISTED, "SubscriberOrganization": organization, "KmsKeyArn": key}
    sam_deploy(STATE / "e2e", port(stack), **parameters)
    return stack


def queue_of(account: str, stack: Stack, topic: str) -> tuple[str, str]:
    """The URL and the ARN of a queue of that account which the topic may send to."""
    sqs = in_account(account, "sqs", stack)
    url = sqs.create_queue(QueueName="settlements")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


@ADMITTED
def test_an_admitted_account_subscribes_and_receives(shared: Stack, alipay: SimulatedAlipay, account: str) -> None:
    topic = topic_arn(shared, ORDER_SETTLE.msg_method)
    url, arn = queue_of(account, shared, topic)

    in_account(account, "sns", shared).subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    assert deliver(shared.gateway_url, alipay.notification(app_id=APP, **vars(ORDER_SETTLE))).accepted

    received = in_account(account, "sqs", shared).receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert [json.loads(message["Body"])["type"] for message in received] == [ORDER_SETTLE.msg_method]


@pytest.mark.parametrize("topic", [ORDER_SETTLE.msg_method, "unrouted"])
def test_another_account_cannot_subscribe(shared: Stack, topic: str) -> None:
    arn = topic_arn(shared, topic)
    _, queue = queue_of(STRANGER, shared, arn)

    with pytest.raises(ClientError, match="AuthorizationError"):
        in_account(STRANGER, "sns", shared).subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)


@ADMITTED
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("publish", {"Message": "forged"}),
        ("list_subscriptions_by_topic", {}),
        ("get_topic_attributes", {}),
        ("set_topic_attributes", {"AttributeName": "DisplayName", "AttributeValue": "mine"}),
        ("delete_topic", {}),
    ],
)
def test_an_admitted_account_can_do_nothing_else(
    shared: Stack, account: str, operation: str, arguments: dict[str, str]
) -> None:
    topic = topic_arn(shared, ORDER_SETTLE.msg_method)

    with pytest.raises(ClientError, match="AuthorizationError"):
        getattr(in_account(account, "sns", shared), operation)(TopicArn=topic, **arguments)


def test_the_key_is_on_the_ledger_and_the_keyring(shared: Stack) -> None:
    """The emulator does not tell, nor keep, the key of a topic; it encrypts nothing."""
    parameters = shared.client("cloudformation").describe_stacks(StackName=shared.name)["Stacks"][0]["Parameters"]
    (key,) = [p["ParameterValue"] for p in parameters if p["ParameterKey"] == "KmsKeyArn"]

    table = shared.client("dynamodb").describe_table(TableName=shared.outputs["LedgerTable"])["Table"]
    keyring = shared.client("secretsmanager").describe_secret(SecretId=shared.outputs["KeyringSecretArn"])

    assert (table["SSEDescription"]["KMSMasterKeyArn"], keyring["KmsKeyId"]) == (key, key)


def test_the_example_receives_in_another_account(shared: Stack, alipay: SimulatedAlipay) -> None:
    key = in_account(LISTED, "kms", shared).create_key()["KeyMetadata"]["Arn"]
    topic = topic_arn(shared, ORDER_SETTLE.msg_method)
    subscriber = deploy_subscriber(shared, LISTED, GatewayAccount=topic.split(":")[4], QueueKmsKeyArn=key)
    assert subscriber.outputs["TopicArn"] == topic
    # The emulator's CloudFormation knows no topics of other accounts.
    subscriber.client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=subscriber.outputs["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))

    assert deliver(shared.gateway_url, notification).accepted

    assert len(subscriber.handled(notification.parameters["notify_id"], at_least=1)) == 1
    in_account(LISTED, "cloudformation", shared).delete_stack(StackName=NAME)
