"""What got stuck is published by the deployed redrive, what was published is sent again by the deployed replay."""

import json
import time
from typing import Any

import pytest

from local.alipay import SimulatedAlipay, deliver
from local.demo import APP
from local.messages import ORDER_SETTLE, SHOP_REJECTED
from local.replay import main as replay
from local.services import receive
from local.stack import Stack
from tests.e2e.conftest import NewQueue


def invoke(stack: Stack, output: str, event: dict[str, Any]) -> Any:
    """What a function returned."""
    response = stack.client("lambda").invoke(FunctionName=stack.outputs[output], Payload=json.dumps(event).encode())
    assert "FunctionError" not in response, response["Payload"].read()
    return json.load(response["Payload"])


def make_stuck(stack: Stack, notify_id: str) -> None:
    """Puts a record back to what it was when its delivery died after the claim, an hour ago."""
    now = int(time.time() * 1000)
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["LedgerTable"],
        Key={"notify_id": {"S": notify_id}, "app_id": {"S": APP}},
        UpdateExpression="SET #status = :claimed, lease_until = :hour_ago, lease_owner = :owner, open_shard = :shard"
        " REMOVE published_at, message_id",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":claimed": {"S": "CLAIMED"},
            ":hour_ago": {"N": str(now - 3_600_000)},
            ":owner": {"S": "dead"},
            ":shard": {"S": "7"},
        },
    )


def test_the_redrive_publishes_what_a_dead_delivery_left(
    stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue
) -> None:
    notification = alipay.notification(app_id=APP, **vars(SHOP_REJECTED), charset="GBK")
    deliver(stack.gateway_url, notification)
    make_stuck(stack, notification.parameters["notify_id"])
    queue = new_queue(SHOP_REJECTED.msg_method)

    assert invoke(stack, "RedriveFunctionName", {}) == {"found": 1, "published": 1, "taken": 0, "failed": 0}
    assert invoke(stack, "RedriveFunctionName", {})["found"] == 0

    (received,) = receive(stack, queue, 1)
    assert received["Body"].endswith(f'"data":{SHOP_REJECTED.biz_content}}}')
    assert deliver(stack.gateway_url, notification).accepted


def test_the_redrive_runs_on_a_schedule(stack: Stack) -> None:
    (rule,) = stack.client("events").list_rules()["Rules"]

    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(15 minutes)", "ENABLED")


@pytest.fixture
def at_the_emulator(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "000000000000")
    return ["--endpoint-url", stack.endpoint]


@pytest.mark.usefixtures("at_the_emulator")
def test_the_replay_command_counts_and_sends_again_what_is_in_its_window(
    stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue, at_the_emulator: list[str]
) -> None:
    began = time.time()
    sent = [alipay.notification(app_id=APP, **vars(ORDER_SETTLE)) for _ in range(3)]
    assert all(deliver(stack.gateway_url, notification).accepted for notification in sent)
    queue = new_queue(ORDER_SETTLE.msg_method)
    window = ["--from", _time(began - 1), "--to", _time(time.time() + 1)]
    order = ["--msg-method", ORDER_SETTLE.msg_method, *window, "--rate", "100", *at_the_emulator]

    assert replay([*order, "--dry-run"]) == 0
    assert receive(stack, queue, 0) == []

    assert replay([*order, "--yes", "--replay-id", "bug-42"]) == 0
    received = receive(stack, queue, 3)
    ids = {notification.parameters["notify_id"] for notification in sent}
    assert ids <= {json.loads(message["Body"])["id"] for message in received}
    assert {message["MessageAttributes"]["replay"]["StringValue"] for message in received} == {"bug-42"}


def test_the_replay_command_says_what_is_wrong_with_an_order(at_the_emulator: list[str]) -> None:
    assert replay(["--msg-method", "m", "--from", "yesterday", "--to", "today", *at_the_emulator]) == 1


def _time(epoch_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch_s))
