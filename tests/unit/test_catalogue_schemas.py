"""The catalogue's schemas: complete by the documents' tables, in two languages, and each constraint able to fail."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import fastjsonschema
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_events.messages import MESSAGES
from alipay_gateway.catalogue import SCHEMAS as DIRECTORY
from alipay_gateway.request import COMMON_PARAMETERS
from local.messages import OPERATION_RESULT, ORDER_SETTLE, PAYMENT, SHOP_REJECTED, Message

OPERATION, SETTLE, SHOP = OPERATION_RESULT.msg_method, ORDER_SETTLE.msg_method, SHOP_REJECTED.msg_method
TRADE = PAYMENT.notify_type

SCHEMAS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.json"))
}
DETAIL = SCHEMAS[SETTLE]["$defs"]["RoyaltyDetail"]["properties"]
KEYWORDS = set(
    "$schema $id $ref $defs $comment type properties required items enum minLength maxLength pattern minimum maximum "
    "format title description examples x-title-zh x-description-zh x-presence x-values".split()
)


@dataclass(frozen=True)
class Row:
    """A row of the documents' tables: name, 是否必选, 最大长度, the values that it lists."""

    name: str
    presence: str = "必选"
    max_length: int | None = None
    values: tuple[str, ...] = ()


# What the documents' tables say, written down a second time.
TABLES = {
    OPERATION: [
        Row("operate_type", max_length=32, values=("account_bind", "operation_auth")),
        Row("batch_no", max_length=64),
        Row("out_biz_no", max_length=64),
        Row("handle_status", max_length=32, values=("success", "no_permission", "none_account")),
        Row("merchant_no", max_length=32),
        Row("bind_user_id", "特殊可选", 32),
    ],
    SETTLE: [
        Row("out_request_no", max_length=64),
        Row("settle_no", max_length=64),
        Row("operation_dt", max_length=19),  # the table says 16, its own example has 19
        Row("royalty_detail_list"),
    ],
    SHOP: [
        Row("order_id", max_length=32),
        Row("reason", max_length=256),
        Row("shop_id", max_length=32),
        Row("shop_name", max_length=128),
        Row("out_biz_no", "可选", 36),
        Row("store_id", "可选", 32),
    ],
    TRADE: [
        Row("trade_no", max_length=64),
        Row("out_trade_no", max_length=64),
        Row("out_biz_no", "可选", 64),
        Row("buyer_id", "可选", 16),
        Row("buyer_logon_id", "可选", 100),
        Row("seller_id", "可选", 30),
        Row("seller_email", "可选", 100),
        Row("trade_status", "可选", 32, ("WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_SUCCESS", "TRADE_FINISHED", "")),
        *(Row(name, "可选") for name in "total_amount receipt_amount invoice_amount buyer_pay_amount".split()),
        *(Row(name, "可选") for name in "point_amount refund_fee send_back_fee".split()),
        Row("subject", "可选", 256),
        Row("body", "可选", 400),
        *(Row(name, "可选") for name in "gmt_create gmt_payment gmt_refund gmt_close".split()),
        Row("fund_bill_list", "可选", 512),
        Row("passback_params", "可选", 512),
        Row("voucher_detail_list", "可选"),
    ],
}


def each_row(where: Callable[[Row], object] = bool) -> pytest.MarkDecorator:
    rows = [(method, row) for method, rows in TABLES.items() for row in rows if where(row)]
    return pytest.mark.parametrize(("method", "row"), rows, ids=[f"{method} {row.name}" for method, row in rows])


each_schema = pytest.mark.parametrize("method", SCHEMAS)

FAST: dict[str, Callable[[Any], Any]] = {
    method: fastjsonschema.compile(schema, use_formats=False, use_default=False) for method, schema in SCHEMAS.items()
}


def is_valid(method: str, data: object) -> bool:
    """As the gateway's validator sees it."""
    try:
        FAST[method](data)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def is_valid_by_2020_12(method: str, data: object) -> bool:
    return jsonschema.Draft202012Validator(SCHEMAS[method]).is_valid(data)


def sample(method: str) -> dict[str, Any]:
    """Valid data with every field of the schema that has an example."""
    properties = SCHEMAS[method]["properties"]
    data = {name: copy.deepcopy(schema["examples"][0]) for name, schema in properties.items()}
    return {**data, **copy.deepcopy(SCHEMAS[method]["examples"][0])}


def subschemas(schema: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield where or "/", schema
    for group in ("properties", "$defs"):
        for name, inner in schema.get(group, {}).items():
            yield from subschemas(inner, f"{where}/{group}/{name}")
    if "items" in schema:
        yield from subschemas(schema["items"], f"{where}/items")


def each_subschema(keyword: str) -> pytest.MarkDecorator:
    found = [(f"{method}{where}", schema) for method in SCHEMAS for where, schema in subschemas(SCHEMAS[method])]
    having = {name: schema for name, schema in found if keyword in schema}
    return pytest.mark.parametrize("schema", having.values(), ids=having)


# ---- form


@each_schema
def test_a_schema_is_one_of_2020_12(method: str) -> None:
    assert SCHEMAS[method]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[method])


@each_schema
def test_its_id_is_made_of_its_file_name(method: str) -> None:
    assert SCHEMAS[method]["$id"] == f"urn:alipay:schema:{method}:1"


@each_schema
def test_it_keeps_to_the_keywords_that_drafts_7_and_2020_12_read_alike(method: str) -> None:
    for where, schema in subschemas(SCHEMAS[method]):
        assert set(schema) <= KEYWORDS, where


@each_schema
def test_a_reference_is_local_and_has_nothing_beside_it(method: str) -> None:
    for where, schema in subschemas(SCHEMAS[method]):
        if "$ref" in schema:
            assert re.fullmatch(r"#/\$defs/[A-Za-z]+", schema["$ref"]), where
            assert set(schema) == {"$ref"}, where


@each_subschema("type")
def test_everything_is_described_in_two_languages(schema: dict[str, Any]) -> None:
    assert re.search("[a-z]", schema["description"])
    assert re.search("[一-鿿]", schema["x-description-zh"])
    assert "examples" in schema or schema["type"] == "object"


@each_subschema("x-values")
def test_known_values_are_explained_in_two_languages(schema: dict[str, Any]) -> None:
    values = schema["x-values"]
    assert list(values) == schema.get("enum", list(values))
    assert [value for value in values if value not in schema.get("enum", schema["examples"])] == []
    assert all(set(words) == {"en", "zh"} and all(words.values()) for words in values.values())


@each_schema
def test_required_is_what_the_document_calls_so(method: str) -> None:
    properties = SCHEMAS[method]["properties"]
    assert SCHEMAS[method]["required"] == [name for name in properties if properties[name].get("x-presence") == "必选"]


@each_schema
def test_common_parameters_are_no_fields(method: str) -> None:
    fields = set(SCHEMAS[method]["properties"]) - {"msg_type"}  # the settlement's own, within its biz_content
    assert fields & COMMON_PARAMETERS == set()


def test_times_and_amounts_are_marked_as_such() -> None:
    marked = [schema for method in SCHEMAS for _, schema in subschemas(SCHEMAS[method]) if "format" in schema]
    types = {(schema["format"], str(schema["type"])) for schema in marked}
    assert types == {("beijing-time", "string"), ("money-cny", "string"), ("money-cny", "['number', 'string']")}
    assert [schema for schema in marked if "pattern" not in schema] == []


# ---- completeness


@each_row()
def test_a_row_of_the_document_is_a_property(method: str, row: Row) -> None:
    schema = SCHEMAS[method]["properties"][row.name]
    found = Row(row.name, schema["x-presence"], schema.get("maxLength"), tuple(schema.get("enum", ())))
    assert found == row


def test_every_schema_has_its_table_here() -> None:
    assert set(TABLES) == set(SCHEMAS)


def test_what_is_not_in_a_document_says_where_it_is_from() -> None:
    for method, rows in TABLES.items():
        properties = SCHEMAS[method]["properties"]
        beside = set(properties) - {row.name for row in rows}
        assert [name for name in beside if "$comment" not in properties[name]] == []


# ---- what is valid


@pytest.mark.parametrize("message", [OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED], ids=lambda m: m.msg_method)
def test_the_documents_messages_are_valid(message: Message) -> None:
    assert is_valid(message.msg_method, json.loads(message.biz_content))


def test_a_payment_of_version_1_0_is_valid() -> None:
    assert is_valid(PAYMENT.notify_type, json.loads(PAYMENT.data))


@each_schema
def test_its_examples_are_valid(method: str) -> None:
    assert [data for data in SCHEMAS[method]["examples"] if not is_valid(method, data)] == []
    assert is_valid(method, sample(method))


@each_subschema("examples")
def test_a_propertys_examples_are_valid(schema: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(schema | {"items": {}})  # what they hold is tried with the whole
    assert [example for example in schema["examples"] if not validator.is_valid(example)] == []


@each_schema
def test_a_field_that_alipay_adds_is_valid(method: str) -> None:
    assert is_valid(method, sample(method) | {"brand_new": {"any": ["thing"]}})


@each_row()
def test_a_field_may_be_missing_unless_it_is_required(method: str, row: Row) -> None:
    data = sample(method)
    del data[row.name]
    assert is_valid(method, data) == (row.presence != "必选")


@pytest.mark.parametrize("name", SCHEMAS[TRADE]["properties"])
def test_a_blank_value_is_valid_in_version_1_0(name: str) -> None:
    assert is_valid(TRADE, sample(TRADE) | {name: ""})


@pytest.mark.parametrize("amount", [10.00, 10, 0, "10.00", "0.5", "100000000.00"])
def test_a_settlements_amount_is_a_number_or_a_decimal_string(amount: object) -> None:
    assert is_valid(SETTLE, with_detail(amount=amount))


def test_nothing_in_a_settlements_rows_is_required() -> None:
    assert is_valid(SETTLE, sample(SETTLE) | {"royalty_detail_list": [{}]})


# ---- every constraint can fail


def with_detail(**changed: object) -> dict[str, Any]:
    data = sample(SETTLE)
    data["royalty_detail_list"] = [data["royalty_detail_list"][0] | changed]
    return data


@each_row()
@pytest.mark.parametrize("wrong", [1, True, None, {}], ids=repr)
def test_a_wrong_type_is_invalid(method: str, row: Row, wrong: object) -> None:
    assert not is_valid(method, sample(method) | {row.name: wrong})


@each_row()
def test_a_list_for_a_text_or_a_text_for_a_list_is_invalid(method: str, row: Row) -> None:
    wrong: object = "x" if isinstance(sample(method)[row.name], list) else ["x"]
    assert not is_valid(method, sample(method) | {row.name: wrong})


@each_row(lambda row: row.max_length and not row.values and row.name != "operation_dt")
def test_one_character_too_many_is_invalid(method: str, row: Row) -> None:
    longest = "结" * (row.max_length or 0)
    assert is_valid(method, sample(method) | {row.name: longest})
    assert not is_valid(method, sample(method) | {row.name: longest + "x"})


def test_a_settlements_time_has_no_fraction() -> None:
    assert not is_valid(SETTLE, sample(SETTLE) | {"operation_dt": "2021-05-16 09:59:17.0"})


@each_row(lambda row: row.values)
def test_a_value_outside_the_enumeration_is_invalid(method: str, row: Row) -> None:
    for value in row.values:
        assert is_valid(method, sample(method) | {row.name: value})
        assert not is_valid(method, sample(method) | {row.name: value + "_"})


BAD_TIMES = [
    "2021-05-16",
    "2021-05-16T09:59:17",
    "2021-5-16 9:59:17",
    "2021-13-16 09:59:17",
    "2021-00-16 09:59:17",
    "2021-05-32 09:59:17",
    "2021-05-16 24:59:17",
    "2021-05-16 09:60:17",
    "2021-05-16 09:59:61",
    "2021-05-16 09:59:17Z",
    "２０２１-05-16 09:59:17",
    "1621130357000",
]


BAD_AMOUNTS = ["10.000", "1e3", "-1", "10,00", "￥10", "NaN", " 10.00", ".5", "10."]


def each_marked(mark: str) -> pytest.MarkDecorator:
    """Every field of that format: its message, and how to put a value there."""
    top = [(m, n) for m in SCHEMAS for n, schema in SCHEMAS[m]["properties"].items() if schema.get("format") == mark]
    rows = [n for n, schema in DETAIL.items() if schema.get("format") == mark]
    return pytest.mark.parametrize(
        ("method", "put"),
        [(method, lambda value, m=method, n=name: sample(m) | {n: value}) for method, name in top]
        + [(SETTLE, lambda value, n=name: with_detail(**{n: value})) for name in rows],
        ids=[name for _, name in top] + rows,
    )


@each_marked("beijing-time")
@pytest.mark.parametrize("time", BAD_TIMES)
def test_what_is_no_time_is_invalid(method: str, put: Callable[[str], Any], time: str) -> None:
    assert not is_valid(method, put(time))


@each_marked("money-cny")
@pytest.mark.parametrize("amount", BAD_AMOUNTS)
def test_what_is_no_amount_is_invalid(method: str, put: Callable[[str], Any], amount: str) -> None:
    assert not is_valid(method, put(amount))


@each_marked("beijing-time")
def test_a_time_is_valid_in_every_field_of_times(method: str, put: Callable[[str], Any]) -> None:
    assert is_valid(method, put("2021-12-31 23:59:59"))


@each_marked("money-cny")
def test_an_amount_is_valid_in_every_field_of_amounts(method: str, put: Callable[[str], Any]) -> None:
    assert is_valid(method, put("100000000.00"))


@pytest.mark.parametrize("name", DETAIL)
@pytest.mark.parametrize("wrong", [True, None, [], {}])
def test_a_wrong_type_in_a_settlements_row_is_invalid(name: str, wrong: object) -> None:
    assert not is_valid(SETTLE, with_detail(**{name: wrong}))


@each_schema
@pytest.mark.parametrize("data", [None, [], "text", 1, {}], ids=repr)
def test_what_is_not_the_object_is_invalid(method: str, data: object) -> None:
    assert not is_valid(method, data)


# ---- the gateway's validator, which knows drafts 4 to 7, reads the schemas as 2020-12 does

# Python's `$` also matches before a line feed at the end, which jsonschema leaves so, against the specification.
texts = st.text(max_size=70).filter(lambda text: not text.endswith("\n"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def mutated(draw: st.DrawFn, method: str) -> Any:
    """Valid data, changed in up to three places, at any depth."""
    data = sample(method)
    for _ in range(draw(st.integers(0, 3))):
        rows = data.get("royalty_detail_list")
        places = [data, *(rows if isinstance(rows, list) else ())]
        place = draw(st.sampled_from([place for place in places if isinstance(place, dict) and place]))
        name = draw(st.sampled_from(sorted(place)))
        match draw(st.sampled_from(["remove", "replace", "prolong", "cut"])), place[name]:
            case "remove", _:
                del place[name]
            case "prolong", str(text):
                place[name] = (text or "x") * draw(st.integers(2, 30))
            case "cut", str(text):
                place[name] = text[: draw(st.integers(0, len(text)))]
            case _:
                place[name] = draw(anything)
    return data


@each_schema
@given(data=st.data())
def test_the_gateways_validator_agrees_with_2020_12_on_changed_messages(method: str, data: st.DataObject) -> None:
    instance = data.draw(mutated(method))
    assert is_valid(method, instance) == is_valid_by_2020_12(method, instance)


@each_schema
@given(data=st.data())
def test_what_is_valid_is_read_as_a_typed_message(method: str, data: st.DataObject) -> None:
    instance = data.draw(mutated(method).filter(lambda instance: is_valid(method, instance)))
    MESSAGES[method](json.loads(json.dumps(instance), parse_float=Decimal))


@each_schema
@given(instance=anything)
def test_the_gateways_validator_agrees_with_2020_12_on_anything(method: str, instance: object) -> None:
    assert is_valid(method, instance) == is_valid_by_2020_12(method, instance)
