"""The catalogue's schemas as the generators need them: messages, objects and fields, in the order of the files."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[1] / "handler" / "alipay_gateway" / "schemas"


@dataclass(frozen=True)
class Words:
    """The same said in two languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Field:
    """A field of an object. What the documents do not say is None."""

    name: str
    kind: str
    """`text`, `time` (Beijing time), `money` (yuan) or `list`."""
    types: tuple[str, ...]
    """As JSON Schema names them: more than one when Alipay is inconsistent."""
    required: bool
    presence: str | None
    """必选, 可选 or 特殊可选."""
    max_length: int | None
    meaning: Words
    values: Mapping[str, Words]
    """The known values and what they mean."""
    is_closed: bool
    """Whether the document lists all values."""
    example: Any
    comment: str | None
    item: "Object | None"
    """What a list holds."""


@dataclass(frozen=True)
class Object:
    """A JSON object: a message's data, or what a list in it holds."""

    name: str
    """The msg_method, or the definition's name."""
    schema_id: str
    title: Words
    meaning: Words
    comment: str | None
    fields: tuple[Field, ...]
    examples: tuple[Any, ...]

    @property
    def class_name(self) -> str:
        """The name of the typed message: `alipay.trade.order.settle.notify` is AlipayTradeOrderSettleNotify."""
        words = self.name.replace(".", "_").split("_")
        return "".join(word[:1].upper() + word[1:] for word in words)


def read_catalogue() -> list[Object]:
    """All messages, by name. Numbers in the examples are Decimal, which keeps `10.00` as it is."""
    return [_message(path) for path in sorted(SCHEMAS.glob("*.json"))]


def paths(message: Object, prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every field of the message with its path: `royalty_detail_list[].amount`."""
    for field in message.fields:
        yield prefix + field.name, field
        if field.item:
            yield from paths(field.item, f"{prefix}{field.name}[].")


def as_json(value: Any, indent: str = "") -> str:
    """JSON, indented by two spaces, with every Decimal as it was written."""
    if isinstance(value, Decimal):
        return str(value)
    inner = indent + "  "
    if isinstance(value, dict) and value:
        members = (f"{json.dumps(name)}: {as_json(member, inner)}" for name, member in value.items())
        return "{\n" + ",\n".join(inner + member for member in members) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + as_json(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _message(path: Path) -> Object:
    schema = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return _object(path.stem, schema, schema)


def _object(name: str, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Object:
    required = schema.get("required", ())
    return Object(
        name=name,
        schema_id=root["$id"],
        title=Words(schema["title"], schema["x-title-zh"]),
        meaning=Words(schema["description"], schema["x-description-zh"]),
        comment=schema.get("$comment"),
        fields=tuple(_field(n, s, root, required=n in required) for n, s in schema["properties"].items()),
        examples=tuple(schema.get("examples", ())),
    )


def _field(name: str, schema: Mapping[str, Any], root: Mapping[str, Any], *, required: bool) -> Field:
    types = (schema["type"],) if isinstance(schema["type"], str) else tuple(schema["type"])
    kinds = {"beijing-time": "time", "money-cny": "money"}
    return Field(
        name=name,
        kind="list" if types == ("array",) else kinds.get(schema.get("format", ""), "text"),
        types=types,
        required=required,
        presence=schema.get("x-presence"),
        max_length=schema.get("maxLength"),
        meaning=Words(schema["description"], schema["x-description-zh"]),
        values={value: Words(**words) for value, words in schema.get("x-values", {}).items()},
        is_closed="enum" in schema,
        example=schema["examples"][0],
        comment=schema.get("$comment"),
        item=_item(schema, root),
    )


def _item(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Object | None:
    if "items" not in schema:
        return None
    name = schema["items"]["$ref"].removeprefix("#/$defs/")
    return _object(name, root["$defs"][name], root)
