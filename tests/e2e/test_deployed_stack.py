"""The deployed function over real HTTP, its messages out of real queues."""

import json
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from rich.console import Console

from local.alipay import Convention, Part, SimulatedAlipay, deliver
from local.alipay_command import main as alipay_command
from local.demo import APP, OTHER_APP, play
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED, Message
from local.services import receive, topic_arn
from local.stack import ROOT, Stack
from tests.e2e.conftest import NewQueue

Answer = tuple[int, str]
SUCCESS = (200, "success")


def answer(stack: Stack, *arguments: Any, **options: Any) -> Answer:
    given = deliver(stack.gateway_url, *arguments, **options)
    return given.status, given.body


@pytest.mark.parametrize("message", [OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED], ids=lambda m: m.msg_method)
@pytest.mark.parametrize(
    ("charset", "convention", "encrypt", "via"),
    [
        pytest.param("UTF-8", Convention.V1, False, "body", id="UTF-8"),
        pytest.param("GBK", Convention.V2, False, "query", id="GBK in the query"),
        pytest.param("GBK", Convention.V1, True, "body", id="AES of GBK"),
    ],
)
def test_a_notification_reaches_its_subscriber_to_the_letter(
    stack: Stack,
    alipay: SimulatedAlipay,
    new_queue: NewQueue,
    message: Message,
    charset: str,
    convention: Convention,
    via: Part,
    *,
    encrypt: bool,
) -> None:
    queue = new_queue(message.msg_method)
    notification = alipay.notification(
        app_id=APP, **vars(message), charset=charset, convention=convention, encrypt=encrypt
    )

    assert answer(stack, notification, via=via) == SUCCESS

    (received,) = receive(stack, queue, 1)
    assert received["Body"].endswith(f'"data":{message.biz_content}}}')
    assert received["MessageAttributes"]["app_id"]["StringValue"] == APP


def test_a_retry_is_acknowledged_and_not_published_again(
    stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue
) -> None:
    queue = new_queue(ORDER_SETTLE.msg_method)
    first = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))

    assert [answer(stack, first), answer(stack, alipay.retry(first))] == [SUCCESS, SUCCESS]

    assert len(receive(stack, queue, 1)) == 1


def test_a_storm_of_the_same_notification_is_published_once(
    stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue
) -> None:
    queue = new_queue(ORDER_SETTLE.msg_method)
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))

    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: answer(stack, notification), range(24)))

    assert SUCCESS in answers
    assert set(answers) <= {SUCCESS, (409, "fail")}
    assert len(receive(stack, queue, 1)) == 1


def test_a_forgery_is_refused_and_reaches_nobody(stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue) -> None:
    queue = new_queue(ORDER_SETTLE.msg_method, "unrouted")
    genuine = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))
    forged = genuine.with_parameter("biz_content", ORDER_SETTLE.biz_content.replace("10.00", "90.00"))

    assert answer(stack, forged) == (403, "fail")

    assert receive(stack, queue, 0) == []


def test_the_answer_is_the_bare_word_as_plain_text(stack: Stack, alipay: SimulatedAlipay) -> None:
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))

    taken = requests.post(
        stack.gateway_url, data=notification.form(), headers={"content-type": notification.content_type}, timeout=30
    )
    refused = requests.get(stack.gateway_url, timeout=30)

    assert [(r.status_code, r.content, r.headers["content-type"]) for r in (taken, refused)] == [
        (200, b"success", "text/plain"),
        (400, b"fail", "text/plain"),
    ]


def test_an_unknown_msg_method_reaches_the_catch_all(
    stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue
) -> None:
    queue = new_queue("unrouted")

    assert answer(stack, alipay.notification(app_id=APP, msg_method="a.new.notify", biz_content="{}")) == SUCCESS

    (received,) = receive(stack, queue, 1)
    assert json.loads(received["Body"])["type"] == "a.new.notify"


def test_a_broadcast_reaches_both_apps(
    stack: Stack, alipay: SimulatedAlipay, other_alipay: SimulatedAlipay, new_queue: NewQueue
) -> None:
    queue = new_queue(SHOP_REJECTED.msg_method)
    first = alipay.notification(app_id=APP, **vars(SHOP_REJECTED))
    second = other_alipay.notification(app_id=OTHER_APP, **vars(SHOP_REJECTED), notify_id=first.parameters["notify_id"])

    assert [answer(stack, first), answer(stack, second)] == [SUCCESS, SUCCESS]

    assert {json.loads(m["Body"])["appid"] for m in receive(stack, queue, 2)} == {APP, OTHER_APP}


def test_a_subscriber_may_filter_on_a_field_of_data(stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue) -> None:
    queue = new_queue(OPERATION_RESULT.msg_method, filter_policy={"data": {"handle_status": ["no_permission"]}})
    other = OPERATION_RESULT.biz_content.replace('"success"', '"no_permission"')
    for biz_content in (OPERATION_RESULT.biz_content, other):
        notification = alipay.notification(app_id=APP, msg_method=OPERATION_RESULT.msg_method, biz_content=biz_content)
        assert answer(stack, notification) == SUCCESS

    (received,) = receive(stack, queue, 1)
    assert json.loads(received["Body"])["data"]["handle_status"] == "no_permission"


def test_an_operator_finds_a_notification_in_the_ledger(stack: Stack, alipay: SimulatedAlipay) -> None:
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))
    deliver(stack.gateway_url, notification)

    key = {name: {"S": notification.parameters[name]} for name in ("notify_id", "app_id")}
    item = stack.client("dynamodb").get_item(TableName=stack.outputs["LedgerTable"], Key=key)["Item"]

    assert item["status"] == {"S": "PUBLISHED"}
    assert item["topic_arn"] == {"S": topic_arn(stack, ORDER_SETTLE.msg_method)}


def test_the_log_tells_the_outcome_and_no_secret(stack: Stack, alipay: SimulatedAlipay) -> None:
    notification = alipay.notification(app_id=APP, **vars(SHOP_REJECTED), encrypt=True)
    deliver(stack.gateway_url, notification)
    deliver(stack.gateway_url, notification.with_parameter("version", "1.0"))

    logs = stack.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{stack.name}")
    messages = [event["message"] for page in pages for event in page["events"]]

    lines = [json.loads(m) for m in messages if notification.parameters["notify_id"] in m]
    assert [line["outcome"] for line in lines] == ["published", "refused"]
    secrets = (alipay.public_key, alipay.aes_key, notification.parameters["sign"], "支付宝(西溪路店)")
    assert not [m for m in messages for secret in secrets if secret and secret in m]


def test_the_simulated_alipay_delivers_to_the_stack_as_a_command(
    stack: Stack, alipay: SimulatedAlipay, tmp_path: Path
) -> None:
    key = tmp_path / "alipay.pem"
    key.write_bytes(alipay.private_pem())
    send = ["send", stack.gateway_url, "--key", str(key), "--app-id", APP, "--message", "settle", "--charset", "GBK"]

    assert alipay_command(send) == 0
    assert alipay_command([*send, "--forge"]) == 1


def test_the_demo_finds_everything_as_promised(
    stack: Stack, alipay: SimulatedAlipay, other_alipay: SimulatedAlipay
) -> None:
    assert play(stack, Console(width=120), alipay, other_alipay) == []


def test_the_subscriber_of_the_readme_receives(stack: Stack, alipay: SimulatedAlipay) -> None:
    readme = (ROOT / "README.md").read_text()
    template = textwrap.dedent(readme.split("```yaml\n")[1].split("   ```")[0])
    cloudformation = stack.client("cloudformation")
    cloudformation.create_stack(StackName="settlements", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="settlements", WaiterConfig={"Delay": 1})
    (output,) = cloudformation.describe_stacks(StackName="settlements")["Stacks"][0]["Outputs"]

    assert answer(stack, alipay.notification(app_id=APP, **vars(ORDER_SETTLE))) == SUCCESS

    (received,) = receive(stack, output["OutputValue"], 1)
    assert json.loads(received["Body"])["type"] == ORDER_SETTLE.msg_method


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("operation-result.json", SUCCESS),
        ("order-settle-gbk.json", SUCCESS),
        ("duplicate.json", SUCCESS),
        ("shop-rejected-aes.json", SUCCESS),
        ("query-string-gbk.json", SUCCESS),
        ("plain-body.json", SUCCESS),
        ("payment.json", SUCCESS),
        ("certificate.json", SUCCESS),
        ("unknown-method.json", SUCCESS),
        ("tampered.json", (403, "fail")),
    ],
)
def test_a_sample_event_is_answered_as_documented(sampling: Stack, event: str, expected: Answer) -> None:
    payload = (ROOT / "events" / event).read_bytes()

    reply = json.load(
        sampling.client("lambda").invoke(FunctionName=sampling.outputs["FunctionName"], Payload=payload)["Payload"]
    )

    assert (reply["statusCode"], reply["body"]) == expected


@pytest.fixture(scope="module")
def sampling(stack: Stack, alipay: SimulatedAlipay, other_alipay: SimulatedAlipay) -> Stack:
    """The stack with the samples' keyring, and with the century of retention that keeps them from rotting."""
    samples = json.loads((ROOT / "events" / "keyring.json").read_text())
    stack.put_keyring({APP: alipay.keyring_entry(), OTHER_APP: other_alipay.keyring_entry(), **samples})
    function = stack.outputs["FunctionName"]
    functions = stack.client("lambda")
    variables = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": variables | {"RETENTION_DAYS": "36500"}}
    )
    return stack
