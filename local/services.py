"""Services that subscribe to the gateway's topics, each through an SQS queue of its own."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.stack import Stack


@dataclass(frozen=True)
class Service:
    """A name, the msg_methods it listens to (`unrouted` is the catch-all), and what it wants of them."""

    name: str
    msg_methods: Sequence[str]
    filter_policy: Mapping[str, Any] | None = None
    """On the message's body, in SNS's filter policy language."""


def topic_arn(stack: Stack, msg_method: str) -> str:
    """Looked up where a subscriber's own template would find it."""
    parameter = stack.client("ssm").get_parameter(Name=f"/{stack.name}/topics/{msg_method}")
    value: str = parameter["Parameter"]["Value"]
    return value


def subscribe(stack: Stack, service: Service) -> str:
    """Makes the service's queue and subscribes it, raw messages. Returns the queue's URL."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    url: str = sqs.create_queue(QueueName=f"{stack.name}-{service.name}")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics = [topic_arn(stack, msg_method) for msg_method in service.msg_methods]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(_queue_policy(queue_arn, topics))})
    attributes = {"RawMessageDelivery": "true"}
    if service.filter_policy:
        attributes |= {"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(service.filter_policy)}
    for topic in topics:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)
    return url


def _queue_policy(queue_arn: str, topics: Sequence[str]) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def receive(stack: Stack, queue_url: str, at_least: int, *, wait_s: float = 10) -> list[dict[str, Any]]:
    """SQS messages off the queue: until there are enough, then whatever else is there within a second."""
    sqs = stack.client("sqs")
    messages: list[dict[str, Any]] = []
    deadline = time.monotonic() + wait_s
    while True:
        enough = len(messages) >= at_least
        batch = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in batch:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        messages += batch
        if not batch and (enough or time.monotonic() > deadline):
            return messages


def events(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The CloudEvents of raw messages; numbers as text, the way Alipay wrote them."""
    return [json.loads(message["Body"], parse_float=str, parse_int=str) for message in messages]
