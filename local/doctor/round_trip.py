"""A signed notification through a deployed gateway to a queue, and everything that it took removed again."""

import json
import secrets as chance
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from local.alipay import Answer, SignedNotification, SimulatedAlipay, deliver
from local.doctor.deployment import Deployment
from local.doctor.guest_app import KeyringChanged, guest
from local.doctor.rows import Row, ok, problem

MSG_METHOD = "doctor.round.trip"
TAKEN_WITHIN_S = 75
"""A new app is taken within a minute by every instance of the function."""
_ARRIVES_WITHIN_S = 20
_WHAT = "round trip 往返"


def round_trip(
    deployment: Deployment,
    url: str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[Row]:
    """One row: how long it took, or where it ended."""
    app_id, alipay = f"doctor-{chance.token_hex(6)}", SimulatedAlipay.generate()
    notification = alipay.notification(app_id=app_id, msg_method=MSG_METHOD, biz_content='{"from":"doctor"}')
    try:
        with (
            _queue(deployment, app_id) as queue,
            guest(deployment.client("secretsmanager"), deployment.outputs["KeyringSecretArn"], app_id, alipay),
        ):
            began = clock()
            answer = _deliver(url, notification, clock, sleep)
            row = _refused(answer)
            if row is None:
                row = _arrival(deployment.client("sqs"), queue, notification, began, clock)
    except (KeyringChanged, ValueError, ClientError) as error:
        row = problem(_WHAT, str(error), "Fill or mend the keyring first, then try again. 先填写或修正密钥库再试。")
    yield row


def _deliver(
    url: str, notification: SignedNotification, clock: Callable[[], float], sleep: Callable[[float], object]
) -> Answer:
    deadline = clock() + TAKEN_WITHIN_S
    while True:
        answer = deliver(url, notification)
        if answer.status != 403 or clock() > deadline:
            return answer
        sleep(3)


def _refused(answer: Answer) -> Row | None:
    if answer.accepted:
        return None
    see = "See the log line of this delivery, app_id doctor-…, for the reason. 查看日志中该次投递的原因。"
    return problem(_WHAT, f"answered {answer.status} {answer.body[:40]!r}", see)


def _arrival(sqs: Any, queue: str, notification: SignedNotification, began: float, clock: Callable[[], float]) -> Row:
    deadline = clock() + _ARRIVES_WITHIN_S
    while clock() < deadline:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages", []):
            if json.loads(message["Body"])["id"] == notification.parameters["notify_id"]:
                return ok(_WHAT, f"signed, accepted and received in {clock() - began:.1f} s")
    see = "It was answered `success`: look at the topic's policy and encryption. 检查主题的策略与加密设置。"
    return problem(_WHAT, f"not received within {_ARRIVES_WITHIN_S} s", see)


@contextmanager
def _queue(deployment: Deployment, name: str) -> Iterator[str]:
    """A queue that receives what the catch-all topic publishes for this app, and nothing else."""
    sqs, sns, topic = deployment.client("sqs"), deployment.client("sns"), deployment.outputs["UnroutedTopicArn"]
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    try:
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, topic)})
        attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"app_id": [name]})}
        subscription = sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        try:
            yield url
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
    finally:
        sqs.delete_queue(QueueUrl=url)


def _policy(queue_arn: str, topic_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
