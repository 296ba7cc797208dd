"""The example subscriber, built and deployed by SAM to the emulated AWS, in the gateway's account or in another."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from local.emulator import REGION
from local.stack import ROOT, STATE, Stack, sam_build, sam_deploy

NAME = "alipay-settlements"
_SOURCE = ROOT / "examples" / "subscriber"
_BUILD = STATE / "e2e" / "subscriber"

Json = dict[str, Any]


def port(stack: Stack) -> int:
    return int(stack.endpoint.rpartition(":")[2])


def in_account(account: str, service: str, stack: Stack) -> Any:
    """A boto3 client of the root user of an account, who to SQS is one behind a proxy with TLS."""
    session: Any = boto3.Session(account, "test", region_name=REGION)
    client = session.client(service, endpoint_url=stack.endpoint)
    client.meta.events.register(
        "before-sign.sqs", lambda request, **_: request.headers.add_header("x-forwarded-proto", "https")
    )
    return client


@dataclass(frozen=True)
class Subscriber:
    """The example, deployed."""

    stack: Stack
    account: str
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        return in_account(self.account, service, self.stack)

    def handled(self, notify_id: str, *, at_least: int) -> list[Json]:
        """The lines that say that this notification was handled, once nothing waits any more."""

        def lines() -> list[Json]:
            found = [line for line in self.log() if line["message"] == "Handled"]
            return [line for line in found if json.loads(line["notification"])[1] == notify_id]

        until(lambda: len(lines()) >= at_least and self.is_idle())
        return lines()

    def log(self) -> list[Json]:
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{NAME}")
        written = [entry["message"] for page in pages for entry in page["events"]]
        return [json.loads(line) for line in written if line.startswith("{")]

    def is_idle(self) -> bool:
        """Whether no message is in the queue, be it waiting or being handled."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queue = {"QueueUrl": self.outputs["QueueUrl"]}
        attributes = self.client("sqs").get_queue_attributes(**queue, AttributeNames=names)["Attributes"]
        return not any(int(attributes[name]) for name in names)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The function fetches nothing for as long as the context lasts."""
        functions = self.client("lambda")
        queue = {"EventSourceArn": self.outputs["QueueArn"]}
        (mapping,) = functions.list_event_source_mappings(**queue)["EventSourceMappings"]
        until(self.is_idle)
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def take(self, queue: str, *, at_least: int) -> list[Json]:
        """Takes what is in the queue that this output names."""
        sqs, url = self.client("sqs"), self.outputs[queue]
        taken: list[Json] = []

        def is_empty() -> bool:
            received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            for message in received:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken.extend(received)
            return len(taken) >= at_least and not received

        until(is_empty)
        return taken


def deploy_subscriber(stack: Stack, account: str, **parameters: str) -> Subscriber:
    """Deploys it with these parameters, and lets a message that failed come again after a second."""
    sam_build(_BUILD, port(stack), _SOURCE)
    sam_deploy(_BUILD, port(stack), _SOURCE, account=account, **parameters)
    (described,) = in_account(account, "cloudformation", stack).describe_stacks(StackName=NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    sqs, queue = in_account(account, "sqs", stack), {"QueueUrl": outputs["QueueUrl"]}
    policy = json.loads(sqs.get_queue_attributes(**queue, AttributeNames=["Policy"])["Attributes"]["Policy"])
    # The emulator takes its SNS for one that delivers without TLS.
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != "NothingUnencrypted"]
    sqs.set_queue_attributes(**queue, Attributes={"Policy": json.dumps(policy), "VisibilityTimeout": "1"})
    return Subscriber(stack, account, outputs)


def until(is_so: Callable[[], bool], *, wait_s: float = 20) -> None:
    deadline = time.monotonic() + wait_s
    while not is_so():
        assert time.monotonic() < deadline, "It did not come to pass"
        time.sleep(0.1)
