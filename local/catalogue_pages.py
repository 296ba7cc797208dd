"""The catalogue as documentation: a page per message, in English and Chinese side by side, and their index."""

from collections.abc import Iterable, Iterator

from local.catalogue_model import Field, Object, as_json, paths

_GENERATED = "<!-- Made by `make catalogue` from handler/alipay_gateway/schemas: change the schema, not this page. -->"

_FIELDS = """
## Fields · 字段

| field | type | required | max | meaning | 含义 | example |
|---|---|---|---|---|---|---|
"""

_PRESENCE = {"必选": "yes · 必选", "可选": "no · 可选", "特殊可选": "sometimes · 特殊可选"}
_KINDS = {"text": "text", "time": "time, Beijing", "money": "amount, yuan", "list": "list"}

_INDEX = """# Messages · 消息目录

What the gateway knows of the data of Alipay's messages: a schema each, in
[`handler/alipay_gateway/schemas/`](../../handler/alipay_gateway/schemas). The pages here and the typed messages of
[`alipay_events`](../../consumer/README.md) are made from the schemas.

| msg_method | message | 消息 | typed as |
|---|---|---|---|
"""

_HOW_TO_ADD = """
A message without a schema is delivered all the same, and so is one that does not fit its schema.

## Add a message

1. Write `handler/alipay_gateway/schemas/<msg_method>.json`, with another one as the pattern: a row of Alipay's table
   (消息属性) is a property. What is 必选 is `required`, 最大长度 is `maxLength`; `x-presence` is 必选, 可选, 特殊可选.
   A time is `"format": "beijing-time"`, an amount in yuan `"format": "money-cny"`; a list of objects has its items in
   `$defs`. Where the table contradicts what Alipay sends, the schema follows what is sent, and a `$comment` says so.
2. Add the msg_method to the template's parameter `MsgMethods`, in `samconfig.toml`, for a topic of its own.
3. `make catalogue` makes its page, this index and its typed message.

The schemas are JSON Schema 2020-12, of which they use `type`, `properties`, `required`, `items`, `$ref` to `#/$defs/…`,
`enum`, `minLength`, `maxLength`, `pattern`, `minimum`, `maximum`, and `format` as an annotation. Beside these stand
`x-title-zh` and `x-description-zh` for the Chinese, and `x-values` for what the known values mean.
"""


def index(messages: Iterable[Object]) -> str:
    """docs/messages/README.md."""
    rows = (
        f"| [`{found.name}`]({found.name}.md) | {found.title.en} | {found.title.zh} | `{found.class_name}` |\n"
        for found in messages
    )
    return f"{_GENERATED}\n\n{_INDEX}{''.join(rows)}{_HOW_TO_ADD}"


def page(message: Object) -> str:
    """docs/messages/<msg_method>.md."""
    rows = "".join(_row(path, field) for path, field in paths(message))
    return "".join(
        [
            f"{_GENERATED}\n\n# {message.name}\n\n**{message.title.en} · {message.title.zh}**\n\n",
            f"{message.meaning.en}\n\n{message.meaning.zh}\n\n",
            f"Schema: [`{message.schema_id}`](../../handler/alipay_gateway/schemas/{message.name}.json). ",
            f"In Python: `{message.class_name}` of [`alipay_events`](../../consumer/README.md).\n",
            _FIELDS,
            rows,
            *_notes(message),
            *_examples(message),
            *_filter_policy(message),
        ]
    )


def _row(path: str, field: Field) -> str:
    values = [(f"<br>`{value}`: ", words) for value, words in field.values.items() if value]
    cells = [
        f"`{path}`",
        _KINDS[field.kind] + (" (number or text)" if "number" in field.types else ""),
        _PRESENCE.get(field.presence or "", "not documented"),
        str(field.max_length or ""),
        field.meaning.en + "".join(value + words.en for value, words in values),
        field.meaning.zh + "".join(value + words.zh for value, words in values),
        "see below" if field.item else f"`{field.example}`",
    ]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _notes(message: Object) -> Iterator[str]:
    notes = [("", message.comment)]
    for path, field in paths(message):
        notes.append((f"`{path}`: ", field.comment))
        if field.item:
            notes.append((f"`{path}[]`: ", field.item.comment))
    written = [f"- {where}{comment}\n" for where, comment in notes if comment]
    if written:
        yield "\n## Notes · 说明\n\n"
        yield from written


def _examples(message: Object) -> Iterator[str]:
    yield "\n## The data of an event · 示例\n"
    for example in message.examples:
        yield f"\n```json\n{as_json(example)}\n```\n"


def _filter_policy(message: Object) -> Iterator[str]:
    """On the last of the message's own fields of which all values are known."""
    for field in [field for field in message.fields if field.is_closed][-1:]:
        policy = as_json({"data": {field.name: [field.example]}})
        yield (
            f"\n## Filter on `{field.name}` · 过滤\n\n"
            "A subscription's filter policy, of the scope `MessageBody`. A message of more than 256 KiB goes out "
            f"with `data_base64` in the place of `data`, and does not match.\n\n```json\n{policy}\n```\n"
        )
