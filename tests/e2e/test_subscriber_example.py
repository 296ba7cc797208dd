"""The example subscriber, built and deployed by SAM beside the gateway: real notifications and queues, its own role."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local.alipay import SimulatedAlipay, deliver
from local.demo import APP
from local.messages import ORDER_SETTLE
from local.services import topic_arn
from local.stack import Stack
from tests.support.example import NAME, Subscriber, deploy_subscriber

FILTERED_OUT = "20210706002530020036530021395800"


@pytest.fixture(scope="module")
def subscriber(stack: Stack) -> Iterator[Subscriber]:
    """The example, which tries a failing message twice and does not want one certain settlement."""
    policy = json.dumps({"data": {"settle_no": [{"anything-but": FILTERED_OUT}]}}, separators=(",", ":"))
    escaped = policy.replace('"', '\\"')
    account = stack.outputs["UnroutedTopicArn"].split(":")[4]
    parameters = {"MaxReceiveCount": "2", "HandleUndelivered": "true", "FilterPolicy": f'"{escaped}"'}
    yield deploy_subscriber(stack, account, **parameters)
    stack.client("cloudformation").delete_stack(StackName=NAME)  # what other tests publish is none of its business


def test_a_settlement_is_booked_to_the_cent(stack: Stack, subscriber: Subscriber, alipay: SimulatedAlipay) -> None:
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE), charset="GBK")

    assert deliver(stack.gateway_url, notification).accepted

    (line,) = subscriber.handled(notification.parameters["notify_id"], at_least=1)
    assert {name: line[name] for name in ("settle_no", "SUCCESS", "FAIL")} == {
        "settle_no": "20210706002530020036530021395831",
        "SUCCESS": "10.00",
        "FAIL": "0.50",
    }


def test_what_is_sent_again_is_handled_once(stack: Stack, subscriber: Subscriber) -> None:
    for replay in ("", "", "for-another-subscriber"):
        publish(stack, event("sent-again"), replay=replay)

    assert len(subscriber.handled("sent-again", at_least=1)) == 1


def test_a_failing_message_ends_in_the_dead_letters_and_the_rest_of_its_batch_is_done(
    stack: Stack, subscriber: Subscriber
) -> None:
    with subscriber.paused():  # so that they come in one batch
        publish(stack, event("before-the-failing"))
        publish(stack, event("failing", data='{"settle_no": 1}'))
        publish(stack, event("after-the-failing"))

    (dead_letter,) = subscriber.take("DeadLettersUrl", at_least=1)

    assert json.loads(dead_letter["Body"])["id"] == "failing"
    failures = [line for line in subscriber.log() if line["message"] == "Failed"]
    assert [(line["tries"], line["exception_name"]) for line in failures] == [("1", "Mismatch"), ("2", "Mismatch")]
    for notify_id in ("before-the-failing", "after-the-failing"):
        assert len(subscriber.handled(notify_id, at_least=1)) == 1


def test_what_the_filter_policy_does_not_want_does_not_come(stack: Stack, subscriber: Subscriber) -> None:
    with subscriber.paused():
        publish(stack, event("wanted"))
        publish(stack, event("unwanted", data=json.dumps({"settle_no": FILTERED_OUT})))
        come = subscriber.take("QueueUrl", at_least=1)

    assert [json.loads(message["Body"])["id"] for message in come] == ["wanted"]


def test_what_sns_could_not_deliver_is_handled_when_told(subscriber: Subscriber) -> None:
    """Put there by the test: the emulator's SNS does not put it there."""
    undelivered = {"QueueUrl": subscriber.outputs["UndeliveredUrl"]}
    subscriber.client("sqs").send_message(**undelivered, MessageBody=event("undelivered"))

    assert len(subscriber.handled("undelivered", at_least=1)) == 1


def test_another_topic_cannot_send_to_the_queue(stack: Stack, subscriber: Subscriber) -> None:
    sns = stack.client("sns")
    stranger = sns.create_topic(Name="stranger")["TopicArn"]
    sns.subscribe(TopicArn=stranger, Protocol="sqs", Endpoint=subscriber.outputs["QueueArn"])

    with subscriber.paused():
        sns.publish(TopicArn=stranger, Message=event("of-a-stranger"))

        assert subscriber.take("QueueUrl", at_least=0) == []


def test_without_tls_a_queue_is_not_reached(stack: Stack, subscriber: Subscriber) -> None:
    dead_letters = {"QueueUrl": subscriber.outputs["DeadLettersUrl"]}
    subscriber.client("sqs").receive_message(**dead_letters)

    with pytest.raises(ClientError, match="AccessDenied"):
        stack.client("sqs").receive_message(**dead_letters)


def test_its_alarms_watch_its_queues(stack: Stack, subscriber: Subscriber) -> None:
    alarms = stack.client("cloudwatch").describe_alarms(AlarmNamePrefix=NAME)["MetricAlarms"]

    queues = {subscriber.outputs[f"{name}Url"].rpartition("/")[2] for name in ("Queue", "DeadLetters", "Undelivered")}
    assert {alarm["Dimensions"][0]["Value"] for alarm in alarms} == queues


def test_what_sns_cannot_deliver_has_a_queue_of_its_own(stack: Stack, subscriber: Subscriber) -> None:
    """The emulator keeps the subscription's redrive policy but does not act upon it."""
    sns = stack.client("sns")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=subscriber.outputs["TopicArn"])["Subscriptions"]
    (arn,) = [s["SubscriptionArn"] for s in subscriptions if s["Endpoint"] == subscriber.outputs["QueueArn"]]

    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]

    target = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    assert target.rpartition(":")[2] == subscriber.outputs["UndeliveredUrl"].rpartition("/")[2]
    assert attributes["RawMessageDelivery"] == "true"


def event(notify_id: str, *, data: str = ORDER_SETTLE.biz_content) -> str:
    """An event as the gateway publishes it."""
    head = {
        "specversion": "1.0",
        "id": notify_id,
        "source": f"urn:alipay:app:{APP}",
        "type": ORDER_SETTLE.msg_method,
        "time": "2021-07-30T04:00:05.000Z",
        "datacontenttype": "application/json",
        "appid": APP,
    }
    return json.dumps(head)[:-1] + f',"data":{data}}}'


def publish(stack: Stack, message: str, *, replay: str = "") -> None:
    attributes = {"replay": {"DataType": "String", "StringValue": replay}} if replay else {}
    topic = topic_arn(stack, ORDER_SETTLE.msg_method)
    stack.client("sns").publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
