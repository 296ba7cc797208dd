"""The typed messages: amounts, times and lists as the schemas describe them, tolerant of what Alipay adds."""

import ast
import contextlib
import json
import re
import sys
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alipay_events
from alipay_events import Event, Mismatch, NoSchema, read_event
from alipay_events.fields import BEIJING
from alipay_events.messages import (
    MESSAGES,
    AlipayOpenSpOperationResultNotify,
    AlipayTradeOrderSettleNotify,
    AntMerchantExpandShopSaveRejected,
    RoyaltyDetail,
    TradeStatusSync,
)
from alipay_gateway.catalogue import SCHEMAS
from alipay_gateway.cloudevent import to_message
from alipay_gateway.notification import Notification
from local.messages import OPERATION_RESULT, ORDER_SETTLE, PAYMENT, SHOP_REJECTED

README = Path(alipay_events.__file__).parents[1] / "README.md"
SETTLE = ORDER_SETTLE.msg_method


def event_of(msg_method: str, data: str | dict[str, Any]) -> Event:
    text = data if isinstance(data, str) else json.dumps(data)
    sent_at = datetime(2021, 7, 30, 12, tzinfo=BEIJING)
    return read_event(to_message(Notification("n", "app", msg_method, "1.1", sent_at, text, data_is_json=True)).event)


def settlement(**changed: object) -> dict[str, Any]:
    return json.loads(ORDER_SETTLE.biz_content) | changed  # type: ignore[no-any-return]


def payment(**changed: object) -> TradeStatusSync:
    message = event_of(PAYMENT.notify_type, {**PAYMENT.fields, **changed}).message()
    assert isinstance(message, TradeStatusSync)
    return message


# ---- the documents' messages


def test_an_operations_result_is_typed() -> None:
    assert event_of(OPERATION_RESULT.msg_method, OPERATION_RESULT.biz_content).message() == (
        AlipayOpenSpOperationResultNotify(
            operate_type="account_bind",
            batch_no="20202314234243",
            out_biz_no="2020124234523465636345634",
            handle_status="success",
            merchant_no="2088102165945162",
            bind_user_id="2088202961712733",
        )
    )


def test_a_settlement_is_typed() -> None:
    message = event_of(SETTLE, ORDER_SETTLE.biz_content).message()
    assert isinstance(message, AlipayTradeOrderSettleNotify)
    assert message.operation_dt == datetime(2021, 7, 30, 11, 59, 17, tzinfo=BEIJING)
    assert message.royalty_detail_list[1] == RoyaltyDetail(
        operation_type="transfer",
        execute_dt=datetime(2021, 7, 30, 12, 0, 1, tzinfo=BEIJING),
        trans_out="2088102165945162",
        trans_out_type="userId",
        trans_in="2088302384317411",
        trans_in_type="userId",
        amount=Decimal("0.50"),
        state="FAIL",
        error_code="TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH",
        error_desc="分账余额不足",
    )
    assert [str(split.amount) for split in message.royalty_detail_list] == ["10.00", "0.50"]


def test_a_rejected_shop_is_typed() -> None:
    message = event_of(SHOP_REJECTED.msg_method, SHOP_REJECTED.biz_content).message()
    assert isinstance(message, AntMerchantExpandShopSaveRejected)
    assert (message.shop_name, message.reason) == ("支付宝(西溪路店)", "资料有问题,拒绝")


def test_a_payment_of_version_1_0_is_typed() -> None:
    message = event_of(PAYMENT.notify_type, PAYMENT.data).message()
    assert isinstance(message, TradeStatusSync)
    assert (str(message.total_amount), message.subject) == ("88.80", "西湖龙井 & 茶点")
    assert message.gmt_payment == datetime(2021, 7, 30, 12, 0, 4, tzinfo=BEIJING)
    assert (message.passback_params, message.refund_fee) == ("", None)


def test_a_time_with_milliseconds_keeps_them() -> None:
    message = payment(gmt_refund="2015-04-28 15:45:57.320")
    assert message.gmt_refund == datetime(2015, 4, 28, 15, 45, 57, 320_000, BEIJING)


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_every_schema_has_its_message_with_all_its_fields(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    for data in schema["examples"]:
        message = MESSAGES[path.stem](data)
        assert [field.name for field in fields(message)] == list(schema["properties"])


# ---- what is read as what


@pytest.mark.parametrize("value", ["2021-07-30 11:59:17", "2021-07-30 11:59:17.000"])
def test_a_time_is_aware_and_in_beijing(value: str) -> None:
    message = event_of(SETTLE, settlement(operation_dt=value)).message()
    assert isinstance(message, AlipayTradeOrderSettleNotify)
    assert message.operation_dt.isoformat() == "2021-07-30T11:59:17+08:00"
    assert message.operation_dt.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("written", ["10.00", '"10.00"', "10", '"10"', "0.5", '"0.5"', "1E+2"])
def test_an_amount_has_the_digits_that_were_sent(written: str) -> None:
    message = RoyaltyDetail.from_data(event_of(SETTLE, f'{{"amount":{written}}}').data)
    assert message.amount is not None
    assert message.amount.as_tuple() == Decimal(written.strip('"')).as_tuple()


@pytest.mark.parametrize("name", ["total_amount", "gmt_payment"])
@pytest.mark.parametrize("value", ["", None])
def test_a_blank_amount_or_time_of_version_1_0_is_none(name: str, value: str | None) -> None:
    assert getattr(payment(**{name: value}), name) is None


def test_what_alipay_adds_is_ignored_and_stays_in_data() -> None:
    event = event_of(SETTLE, settlement(brand_new={"a": 1}, settle_no="新" * 100))
    assert event.message() == event_of(SETTLE, settlement(settle_no="新" * 100)).message()
    assert event.data["brand_new"] == {"a": 1}


def test_a_value_that_alipay_adds_is_read() -> None:
    assert payment(trade_status="TRADE_PENDING").trade_status == "TRADE_PENDING"


# ---- what does not fit


def with_detail(**changed: object) -> dict[str, Any]:
    return settlement(royalty_detail_list=[{}, changed])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param([], "data is not an object", id="no object"),
        pytest.param(settlement(settle_no=1), "data.settle_no is not a string", id="no text"),
        pytest.param(settlement(settle_no=None), "data.settle_no is not a string", id="null"),
        pytest.param(settlement(operation_dt=""), "data.operation_dt is not a time", id="a blank time"),
        pytest.param(
            settlement(operation_dt="2021-02-30 00:00:00"), "data.operation_dt is not a time", id="30 February"
        ),
        pytest.param(settlement(operation_dt="2021-07-30T11:59:17"), "data.operation_dt is not a time", id="ISO 8601"),
        pytest.param(settlement(operation_dt=1627617605), "data.operation_dt is not a time", id="seconds"),
        pytest.param(
            settlement(royalty_detail_list="SECRET"), "data.royalty_detail_list is not an array", id="no list"
        ),
        pytest.param(
            settlement(royalty_detail_list=[{}, "SECRET"]), "data.royalty_detail_list[1] is not an object", id="no row"
        ),
        pytest.param(
            with_detail(amount="SECRET"), "data.royalty_detail_list[1].amount is not an amount", id="no amount"
        ),
        pytest.param(
            with_detail(amount="1e9"), "data.royalty_detail_list[1].amount is not an amount", id="an exponent"
        ),
        pytest.param(with_detail(amount="NaN"), "data.royalty_detail_list[1].amount is not an amount", id="NaN"),
        pytest.param(with_detail(amount="10.00\n"), "data.royalty_detail_list[1].amount is not an amount", id="a line"),
        pytest.param(
            with_detail(amount="１０"), "data.royalty_detail_list[1].amount is not an amount", id="full width"
        ),
        pytest.param(with_detail(amount=True), "data.royalty_detail_list[1].amount is not an amount", id="true"),
        pytest.param(with_detail(state=["SECRET"]), "data.royalty_detail_list[1].state is not a string", id="a list"),
    ],
)
def test_a_mismatch_names_the_path_and_no_value(data: Any, sentence: str) -> None:
    with pytest.raises(Mismatch, match=re.escape(sentence)) as raised:
        event_of(SETTLE, data).message()
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("name", ["out_request_no", "settle_no", "operation_dt", "royalty_detail_list"])
def test_a_missing_field_is_a_mismatch(name: str) -> None:
    data = settlement()
    del data[name]
    with pytest.raises(Mismatch, match=f"^data.{name} is missing$"):
        event_of(SETTLE, data).message()


def test_plain_text_is_a_mismatch() -> None:
    event = read_event(
        to_message(Notification("n", "app", SETTLE, "1.1", datetime.now(BEIJING), '"text"', data_is_json=False)).event
    )
    with pytest.raises(Mismatch, match=r"^data is not an object$"):
        event.message()


def test_a_type_without_a_schema_says_so() -> None:
    with pytest.raises(NoSchema) as raised:
        event_of("ant.merchant.expand.shop.save.passed", {}).message()
    assert isinstance(raised.value, KeyError)
    assert str(raised.value) == "ant.merchant.expand.shop.save.passed has no typed message: read the event's data"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("msg_method", MESSAGES)
@given(data=st.data())
def test_any_data_is_a_message_or_a_mismatch(msg_method: str, data: st.DataObject) -> None:
    example = json.loads((SCHEMAS / f"{msg_method}.json").read_text(encoding="utf-8"))["examples"][0]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(example)), anything) | anything)
    changed = example | changed if isinstance(changed, dict) else changed
    with contextlib.suppress(Mismatch):
        MESSAGES[msg_method](changed)


# ---- the package


@pytest.mark.parametrize("path", sorted(Path(alipay_events.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_a_consumer_needs_the_standard_library_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    absolute = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    absolute |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert {name.partition(".")[0] for name in absolute} <= sys.stdlib_module_names


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    assert Path(alipay_events.__file__).with_name("py.typed").exists()


# ---- the README


def test_the_readmes_handler_works() -> None:
    source = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert source
    example: dict[str, Any] = {}
    exec(source[1], example)  # noqa: S102  our own documentation
    text = to_message(
        Notification("n", "app", SETTLE, "1.1", datetime.now(BEIJING), ORDER_SETTLE.biz_content, data_is_json=True)
    ).event
    records = [{"messageId": "1", "body": text}, {"messageId": "2", "body": "garbage"}]
    assert example["handler"]({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert example["paid"] == {("urn:alipay:app:app", "n"): ("20210706002530020036530021395831", Decimal("10.00"))}
