"""The catalogue in the gateway: what becomes of a message that does and that does not match its schema."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway.catalogue import UNKNOWN, Catalogue, Conformity
from alipay_gateway.notification import Notification
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED, Message

SETTLE = Notification(
    notify_id="n",
    app_id="app",
    msg_method=ORDER_SETTLE.msg_method,
    version="1.1",
    sent_at=datetime(2021, 7, 30, tzinfo=UTC),
    data=ORDER_SETTLE.biz_content,
    data_is_json=True,
)
catalogue = Catalogue()


def check(data: str, *, is_json: bool = True, msg_method: str = SETTLE.msg_method) -> Conformity:
    return catalogue.check(replace(SETTLE, data=data, data_is_json=is_json, msg_method=msg_method))


def without(name: str) -> str:
    content = json.loads(ORDER_SETTLE.biz_content)
    del content[name]
    return json.dumps(content)


@pytest.mark.parametrize("message", [OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED], ids=lambda m: m.msg_method)
def test_the_documented_messages_are_valid(message: Message) -> None:
    name = message.msg_method
    assert check(message.biz_content, msg_method=name) == Conformity("valid", f"urn:alipay:schema:{name}:1")


@pytest.mark.parametrize(
    ("data", "mismatch"),
    [
        pytest.param("[]", "$: type", id="no object"),
        pytest.param("null", "$: type", id="null"),
        pytest.param(without("settle_no"), "$.settle_no: required", id="a field is missing"),
        pytest.param(
            ORDER_SETTLE.biz_content.replace("10.00", '"x"'), "$.royalty_detail_list[0].amount: pattern", id="money"
        ),
        pytest.param(
            ORDER_SETTLE.biz_content.replace("2021-07-30 11", "30.7.2021"), "$.operation_dt: pattern", id="time"
        ),
    ],
)
def test_a_mismatch_is_named_by_path_and_keyword_without_values(data: str, mismatch: str) -> None:
    assert check(data) == Conformity("invalid", mismatch=mismatch)


def test_what_is_no_json_matches_no_schema() -> None:
    assert check('"a plain text"', is_json=False) == Conformity("invalid", mismatch="$: not JSON")


@pytest.mark.parametrize("msg_method", ["a.new.notify", "", "..", "../errors", "alipay.trade.order.settle.notify.json"])
def test_a_message_that_the_catalogue_does_not_have_is_unknown(msg_method: str) -> None:
    assert check("{}", msg_method=msg_method) == UNKNOWN


def test_fields_that_alipay_adds_are_no_offence() -> None:
    data = json.dumps({**json.loads(ORDER_SETTLE.biz_content), "new_field": {"a": [1]}})
    assert check(data).state == "valid"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*json.loads(ORDER_SETTLE.biz_content), "amount"])


@given(fields=st.dictionaries(FIELDS, json_values), details=st.lists(st.dictionaries(FIELDS, json_values), max_size=3))
def test_nothing_makes_the_check_raise_and_no_value_is_told(fields: dict[str, Any], details: list[Any]) -> None:
    conformity = check(json.dumps({**fields, "royalty_detail_list": details, "secret": "geheim"}))
    assert conformity.state in ("valid", "invalid")
    assert (conformity.state == "invalid") == bool(conformity.mismatch)
    assert set(conformity.mismatch) <= set("$.[]: _abcdefghijklmnopqrstuvwxyzL0123456789")
    assert "geheim" not in conformity.mismatch


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f'{{"a":{"9" * 5000}}}', id="a number too long for Python"),
        pytest.param("[" * 900 + "]" * 900, id="deep nesting"),
    ],
)
def test_what_python_cannot_check_is_not_an_error(data: str) -> None:
    assert check(data).state in ("unknown", "invalid")


@pytest.mark.parametrize("schema", ["", "{", '{"type": 5}', '{"$ref": "http://127.0.0.1:1/x"}', '{"type": "object"}'])
def test_a_broken_schema_is_not_a_reason_to_lose_a_message(tmp_path: Path, schema: str) -> None:
    (tmp_path / f"{SETTLE.msg_method}.json").write_text(schema)

    conformity = Catalogue(tmp_path).check(SETTLE)

    assert conformity.state == "unknown"
    assert conformity.mismatch.startswith("not checked: ")
