"""The function on moto's AWS: the real handler, the real boto3 calls, a clock that the test sets, faults on demand."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import Any

import boto3
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.session import get_session
from moto.core.models import botocore_stubber  # moto must be there before the session is made: it hooks into new ones

from alipay_gateway.app import Handler, build
from alipay_gateway.settings import Settings, Stores
from local.alipay import SignedNotification, SimulatedAlipay
from local.events import MSG_METHODS, Carrier, http_api_event
from local.messages import ORDER_SETTLE
from tests.support.lambda_context import LambdaContext

REGION = "us-east-1"
TABLE = "ledger"
KEYRING = "alipay-gateway/keyring"
PREFIX = f"arn:aws:sns:{REGION}:123456789012:alipay-gateway-"
APP = "2014060600164699"

STORES = Stores(
    ledger_table=TABLE,
    retention_days=30,
    topic_arn_prefix=PREFIX,
    msg_methods=frozenset(MSG_METHODS),
    unrouted_topic_arn=f"{PREFIX}unrouted",
)

Hook = Callable[..., Any]
_hooks: list[tuple[str, bool, Hook]] = []
# One session for all worlds, since making one takes long: its clients ask here whether a test hooks into a call.
_session = get_session()


def _dispatch(event_name: str, *, last: bool, **arguments: Any) -> Any:
    """Runs the hooks of an event; what the first of them returned that returned something."""
    answers = [
        hook(event_name=event_name, **arguments)
        for name, at_last, hook in tuple(_hooks)
        if at_last is last and event_name.startswith(name)
    ]
    return next((answer for answer in answers if answer is not None), None)


def _send(event_name: str, request: Any, **_: Any) -> Any:
    """One attempt of a call: moto answers it, or in its place a hook that returns an answer; `last` hooks see that."""
    answer = _dispatch(event_name, last=False, request=request)
    if answer is None:
        answer = botocore_stubber(event_name, request)
        _dispatch(event_name, last=True, request=request, answer=answer)
    return answer


_emitter = _session.get_component("event_emitter")
_emitter.unregister("before-send", botocore_stubber)
_emitter.register("before-send", _send)
_emitter.register_first("before-call", partial(_dispatch, last=False))


def new_session() -> Any:
    """The session whose clients the tests hook into, for functions that a test builds by itself."""
    return _session


@cache
def aws(service: str) -> Any:
    """A boto3 client for the test's own use, without hooks."""
    make: Any = boto3.client  # its overloads take no variable for a name
    return make(service, REGION)


def make_table() -> None:
    """The ledger's table, as the template makes it."""
    aws("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "notify_id", "KeyType": "HASH"},
            {"AttributeName": "app_id", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "notify_id", "AttributeType": "S"},
            {"AttributeName": "app_id", "AttributeType": "S"},
            {"AttributeName": "open_shard", "AttributeType": "S"},
            {"AttributeName": "lease_until", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open_claims",
                "KeySchema": [
                    {"AttributeName": "open_shard", "KeyType": "HASH"},
                    {"AttributeName": "lease_until", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )


class _CurrentStdout:
    """Powertools' logger keeps the stdout that it met first; pytest gives every test another."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


class World:
    """One deployed gateway. Make it inside `mock_aws`."""

    def __init__(self, alipay: SimulatedAlipay) -> None:
        self.alipay = alipay
        self.now = time.time()
        self.stack = ExitStack()
        """For faults that begin in the middle of a delivery."""
        self.calls: list[str] = []
        """The AWS calls that the function made, as `Operation`, retries by botocore not counted."""
        self._make_resources()
        self.put_keyring({APP: alipay.keyring_entry()})
        _hooks.clear()
        _hooks.append(("before-call.", False, lambda model, **_: self.calls.append(model.name)))
        self.handler = self.new_process()

    def new_process(self) -> Handler:
        """The function as a cold start builds it, with nothing cached, in the place of the one before."""
        self.handler = self.process()
        return self.handler

    def process(self, *, skew_s: float = 0, session: Any = _session) -> Handler:
        """One more instance of the function, cold; its clock is ahead of the test's by `skew_s`."""
        settings = Settings(STORES, keyring_secret_id=KEYRING, keyring_file="")
        handler = build(settings, session, lambda: self.now + skew_s)
        for log in logging.getLogger("alipay-gateway").handlers:
            assert isinstance(log, logging.StreamHandler)
            log.stream = _CurrentStdout()
        return handler

    def deliver(
        self,
        notification: SignedNotification,
        carrier: Carrier = "base64 body",
        *,
        context: LambdaContext | None = None,
        **changed: Any,
    ) -> tuple[int, str]:
        """One delivery: status and body of the reply. `changed` members replace those of the event."""
        event = http_api_event(notification, received_ms=int(self.now * 1000), carrier=carrier) | changed
        return self.invoke(event, context)

    def invoke(self, event: Any, context: LambdaContext | None = None) -> tuple[int, str]:
        """Any event: status and body of the reply."""
        reply = self.handler(event, context or LambdaContext())
        assert reply["headers"] == {"content-type": "text/plain"}
        return reply["statusCode"], reply["body"]

    def notification(self, **options: Any) -> SignedNotification:
        """A genuine notification sent now; a settlement unless told otherwise."""
        return self.alipay.notification(
            **{"app_id": APP, **vars(ORDER_SETTLE), "utc_timestamp": int(self.now * 1000), **options}
        )

    def put_keyring(self, keyring: Any) -> None:
        text = keyring if isinstance(keyring, str) else json.dumps(keyring)
        aws("secretsmanager").put_secret_value(SecretId=KEYRING, SecretString=text)

    def published(self, topic: str = ORDER_SETTLE.msg_method) -> list[dict[str, Any]]:
        """The SQS messages that a raw subscriber of the topic (`unrouted` for the catch-all) got since last asked."""
        sqs = aws("sqs")
        messages: list[dict[str, Any]] = []
        while batch := sqs.receive_message(
            QueueUrl=self._queues[topic], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            messages += batch
        return messages

    def events(self, topic: str = ORDER_SETTLE.msg_method) -> list[dict[str, Any]]:
        """The CloudEvents published to a topic since last asked."""
        return [json.loads(message["Body"]) for message in self.published(topic)]

    def waiting(self, topic: str = ORDER_SETTLE.msg_method) -> int:
        """How many messages the topic's subscriber has not asked for yet."""
        queue = aws("sqs").get_queue_attributes(QueueUrl=self._queues[topic], AttributeNames=["All"])
        return int(queue["Attributes"]["ApproximateNumberOfMessages"])

    def record(self, notification: SignedNotification) -> dict[str, Any]:
        """The ledger's item for a notification, or an empty dict."""
        return self.record_of((notification.parameters["notify_id"], notification.parameters["app_id"]))

    def record_of(self, key: tuple[str, str]) -> dict[str, Any]:
        """The same by notify_id and app_id."""
        item = (
            aws("dynamodb")
            .get_item(TableName=TABLE, Key={"notify_id": {"S": key[0]}, "app_id": {"S": key[1]}})
            .get("Item", {})
        )
        return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}

    @contextmanager
    def failing(self, operation: str, *, after: bool = False, times: int = 1_000) -> Iterator[None]:
        """The operation (`sns.Publish`) gets no answer: not even sent, or done with its answer lost (`after`)."""
        left = [times]

        def fail(request: Any, **_: Any) -> None:
            if left[0]:
                left[0] -= 1
                if after:
                    raise ReadTimeoutError(endpoint_url=request.url)
                raise ConnectTimeoutError(endpoint_url=request.url)

        with self.hooked(f"before-send.{operation}", fail, last=after):
            yield

    @contextmanager
    def hooked(self, event: str, hook: Hook, *, last: bool = False) -> Iterator[None]:
        """Runs `hook` at a botocore event of the function's calls: before moto answers, or after it (`last`)."""
        entry = event, last, hook
        _hooks.append(entry)
        try:
            yield
        finally:
            _hooks.remove(entry)

    def _make_resources(self) -> None:
        make_table()
        aws("secretsmanager").create_secret(Name=KEYRING, SecretString="{}")
        sns, sqs = aws("sns"), aws("sqs")
        self._queues: dict[str, str] = {}
        for name in (*MSG_METHODS, "unrouted"):
            topic = sns.create_topic(Name=PREFIX.rpartition(":")[2] + name.replace(".", "-"))["TopicArn"]
            url = sqs.create_queue(QueueName=name.replace(".", "-"))["QueueUrl"]
            queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
            self._queues[name] = url
