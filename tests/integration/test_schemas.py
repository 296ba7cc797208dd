"""What the catalogue's verdict changes: a mark on the message, a metric, a log line; never whether it goes out."""

import json
from typing import Any

import pytest

from local.messages import ORDER_SETTLE, PAYMENT
from tests.integration.test_logs import lines, metrics_of
from tests.support.world import APP, World

Capture = pytest.CaptureFixture[str]
SUCCESS = (200, "success")
ODD = ORDER_SETTLE.biz_content.replace("10.00", '"ten"')


def attributes_of(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_a_message_that_does_not_match_goes_out_to_the_letter_and_marked(world: World) -> None:
    assert world.deliver(world.notification(biz_content=ODD)) == SUCCESS

    (message,) = world.published()
    assert message["Body"].endswith(f'"data":{ODD}}}')
    assert attributes_of(message)["schema"] == "invalid"
    assert "dataschema" not in json.loads(message["Body"])


def test_a_mismatch_is_logged_with_its_path_and_counted_without_its_value(world: World, capsys: Capture) -> None:
    world.deliver(world.notification(biz_content=ODD))

    (line,) = lines(capsys)

    assert (line["level"], line["outcome"], line["schema"]) == ("WARNING", "published", "invalid")
    assert line["schema_mismatch"] == "$.royalty_detail_list[0].amount: pattern"
    assert "published all the same" in line["schema_advice"]
    assert "ten" not in [*line.values()]
    assert metrics_of(line)["SchemaMismatches"] == (1, "Count")


def test_a_message_that_matches_is_counted_as_no_mismatch(world: World, capsys: Capture) -> None:
    world.deliver(world.notification())

    (line,) = lines(capsys)

    assert (line["level"], line["schema"]) == ("INFO", "valid")
    assert "SchemaMismatches" not in metrics_of(line)


def test_a_message_without_a_schema_is_marked_unknown(world: World, capsys: Capture) -> None:
    world.deliver(world.notification(msg_method="a.new.notify", biz_content="{}"))

    (message,) = world.published("unrouted")
    assert attributes_of(message)["schema"] == "unknown"
    assert lines(capsys)[0]["level"] == "INFO"


@pytest.mark.parametrize("number", ["9" * 5000, "1e400", "-0.0"])
def test_a_number_that_python_cannot_hold_is_published_to_the_letter(world: World, number: str) -> None:
    biz_content = ORDER_SETTLE.biz_content.replace("10.00", number)

    assert world.deliver(world.notification(biz_content=biz_content)) == SUCCESS

    (message,) = world.published()
    assert message["Body"].endswith(f'"data":{biz_content}}}')


def test_the_flat_fields_of_a_payment_match_the_schema_of_their_notify_type(world: World) -> None:
    payment = world.alipay.flat_notification(app_id=APP, **vars(PAYMENT), sent_ms=1_627_617_605_000)
    world.now = 1_627_617_605

    assert world.deliver(payment) == SUCCESS

    (event,) = world.events("trade_status_sync")
    assert (event["type"], event["schema"], event["data"]) == ("trade_status_sync", "valid", PAYMENT.fields)
    assert event["time"] == "2021-07-30T04:00:05.000Z"
