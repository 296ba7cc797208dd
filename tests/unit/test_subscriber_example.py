"""The example's function on moto's DynamoDB: what fails comes again alone, what was done is not done again."""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from alipay_events import Event, Mismatch, read_event
from local.messages import ORDER_SETTLE, SHOP_REJECTED
from tests.support.lambda_context import LambdaContext

SOURCE = str(Path(__file__).parents[2] / "examples" / "subscriber" / "src")
if SOURCE not in sys.path:
    sys.path.insert(0, SOURCE)
inbox = importlib.import_module("subscriber.inbox")
settlements = importlib.import_module("subscriber.settlements")

TABLE = "handled"
Json = dict[str, Any]


class Work:
    """Notes what it was given; raises what it was told to."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None

    def __call__(self, event: Event) -> Mapping[str, str]:
        self.events.append(event)
        if self.error:
            raise self.error
        return {"settle_no": "1"}

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def table() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        yield client


def handler(table: Any, work: Any, *, replays_again: bool = False, remember_days: int = 90) -> Any:
    return inbox.Inbox(
        work,
        client=table,
        table=TABLE,
        remember_days=remember_days,
        replays_again=replays_again,
        logger=Logger(service=uuid4().hex),  # one of a known service would go on writing where the first one did
    )


def event(notify_id: str = "n1", *, app_id: str = "2021000000000001", data: str = ORDER_SETTLE.biz_content) -> str:
    head = {
        "specversion": "1.0",
        "id": notify_id,
        "source": f"urn:alipay:app:{app_id}",
        "type": ORDER_SETTLE.msg_method,
        "time": "2021-07-30T04:00:05.000Z",
        "datacontenttype": "application/json",
        "appid": app_id,
    }
    return json.dumps(head)[:-1] + f',"data":{data}}}'


def record(body: str, message_id: str = "m1", *, replay: str = "") -> Json:
    attributes = {"replay": {"stringValue": replay, "dataType": "String"}} if replay else {}
    return {
        "messageId": message_id,
        "receiptHandle": "receipt",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
        "awsRegion": "us-east-1",
    }


def deliver(handle: Any, *records: Json) -> list[str]:
    """Invokes it with a batch; the ids of the messages that it reports as failed."""
    reply = handle({"Records": list(records)}, LambdaContext())
    return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]


def test_what_was_handled_is_not_handled_again(table: Any, work: Work) -> None:
    handle = handler(table, work)

    assert [deliver(handle, record(event(), message_id)) for message_id in ("m1", "m2")] == [[], []]

    assert work.ids == ["n1"]


def test_a_duplicate_in_the_same_batch_is_not_handled_again(table: Any, work: Work) -> None:
    assert deliver(handler(table, work), record(event(), "m1"), record(event(), "m2")) == []

    assert work.ids == ["n1"]


def test_another_instance_of_the_function_remembers_too(table: Any, work: Work) -> None:
    for _ in range(2):
        deliver(handler(table, work), record(event()))

    assert work.ids == ["n1"]


def test_a_broadcast_is_handled_once_for_each_app(table: Any, work: Work) -> None:
    handle = handler(table, work)

    deliver(handle, record(event(app_id="2021000000000001")), record(event(app_id="2021000000000002"), "m2"))

    assert [e.app_id for e in work.events] == ["2021000000000001", "2021000000000002"]


def test_what_failed_is_reported_and_is_handled_when_it_comes_again(table: Any, work: Work) -> None:
    handle = handler(table, work)
    work.error = RuntimeError("the database is down")
    assert deliver(handle, record(event())) == ["m1"]

    work.error = None
    assert deliver(handle, record(event())) == []

    assert work.ids == ["n1", "n1"]
    assert deliver(handle, record(event())) == []
    assert len(work.ids) == 2


def test_one_failure_leaves_the_rest_of_the_batch_done(table: Any, work: Work) -> None:
    batch = [record(event("n1"), "m1"), record("not JSON", "m2"), record(event("n3"), "m3")]

    assert deliver(handler(table, work), *batch) == ["m2"]

    assert work.ids == ["n1", "n3"]


@pytest.mark.parametrize("body", ["", "not JSON", "[]", "{}", '{"specversion": "1.0"}', event().replace("n1", "")])
def test_what_is_no_event_is_reported_and_nothing_is_done(table: Any, work: Work, body: str) -> None:
    assert deliver(handler(table, work), record(body)) == ["m1"]

    assert work.ids == []
    assert table.scan(TableName=TABLE)["Items"] == []


def test_a_batch_that_fails_whole_is_reported_like_any_other(table: Any, work: Work) -> None:
    work.error = RuntimeError("the database is down")

    assert deliver(handler(table, work), record(event("n1"), "m1"), record(event("n2"), "m2")) == ["m1", "m2"]


def test_a_replay_of_what_was_handled_is_skipped(table: Any, work: Work) -> None:
    handle = handler(table, work)

    deliver(handle, record(event()))
    assert deliver(handle, record(event(), "m2", replay="after-the-bug")) == []

    assert len(work.events) == 1


def test_a_replay_of_what_was_never_handled_is_handled(table: Any, work: Work) -> None:
    deliver(handler(table, work), record(event(), replay="after-the-bug"))

    assert work.ids == ["n1"]


def test_where_it_is_wished_each_replay_is_handled_once(table: Any, work: Work) -> None:
    handle = handler(table, work, replays_again=True)

    for replay in ("", "first", "first", "second", ""):
        assert deliver(handle, record(event(), replay=replay)) == []

    assert [e.replay for e in work.events] == [None, "first", "second"]


def test_it_is_remembered_as_long_as_told(table: Any, work: Work) -> None:
    deliver(handler(table, work, remember_days=3), record(event()))

    (item,) = table.scan(TableName=TABLE)["Items"]
    assert item["status"] == {"S": "COMPLETED"}
    assert json.loads(item["data"]["S"]) == {"settle_no": "1"}
    in_progress_until = int(item["in_progress_expiration"]["N"]) / 1000  # 25 seconds from its beginning
    assert int(item["expiration"]["N"]) == pytest.approx(in_progress_until - 25 + 3 * 86_400, abs=2)


def test_without_its_table_nothing_is_done_and_the_message_comes_again(work: Work) -> None:
    with mock_aws():
        assert deliver(handler(boto3.client("dynamodb"), work), record(event())) == ["m1"]

    assert work.ids == []


def test_the_log_tells_what_was_done_and_of_what_failed_nothing_but_why(
    table: Any, work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(handler(table, work), record(event("n1"), "m1"), record('{"buyer": "secret"}', "m2"))

    done, failed = map(json.loads, capsys.readouterr().out.splitlines())
    assert (done["message"], done["settle_no"]) == ("Handled", "1")
    assert json.loads(done["notification"]) == ["urn:alipay:app:2021000000000001", "n1"]
    assert (failed["message"], failed["message_id"], failed["tries"]) == ("Failed", "m2", "1")
    assert "secret" not in json.dumps(failed)


def test_the_totals_of_each_state_are_exact() -> None:
    details = ORDER_SETTLE.biz_content.replace('"amount":0.50,\n"state":"FAIL"', '"amount":0.1,\n"state":"SUCCESS"')
    assert details != ORDER_SETTLE.biz_content

    booked = [settlements.book(read_event(event(data=data))) for data in (ORDER_SETTLE.biz_content, details)]

    settle_no = {"settle_no": "20210706002530020036530021395831"}
    assert booked == [settle_no | {"SUCCESS": "10.00", "FAIL": "0.50"}, settle_no | {"SUCCESS": "10.10"}]


def test_a_settlement_that_does_not_fit_its_schema_is_not_guessed_at() -> None:
    spoiled = ORDER_SETTLE.biz_content.replace("10.00", '"ten"')

    with pytest.raises(Mismatch):
        settlements.book(read_event(event(data=spoiled)))


def test_a_field_that_alipay_added_does_no_harm() -> None:
    more = ORDER_SETTLE.biz_content.replace("{", '{"new_field": [1], ', 1)

    assert settlements.book(read_event(event(data=more)))["SUCCESS"] == "10.00"


def test_another_message_is_no_settlement() -> None:
    other = event(data=SHOP_REJECTED.biz_content).replace(ORDER_SETTLE.msg_method, SHOP_REJECTED.msg_method)

    with pytest.raises(settlements.NotASettlement):
        settlements.book(read_event(other))


def test_the_entry_puts_it_together(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEMPOTENCY_TABLE", TABLE)
    monkeypatch.setenv("REMEMBER_DAYS", "90")
    monkeypatch.setenv("HANDLE_REPLAYS_AGAIN", "false")
    monkeypatch.delitem(sys.modules, "subscriber.app", raising=False)
    app = importlib.import_module("subscriber.app")

    batch = {"Records": [record(event()), record(event("n2", data='{"settle_no": 1}'), "m2")]}
    assert app.handler(batch, LambdaContext()) == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
