"""The catalogue as Python: `alipay_events.messages`, a frozen dataclass per message and per kind of list item."""

import keyword
import re
from collections.abc import Iterable, Iterator
from unicodedata import east_asian_width

from local.catalogue_model import Field, Object

_HEAD = '''"""The messages, typed. Made from the catalogue by `make catalogue`: change the schemas, not this module.

Fields have Alipay's names. Times are aware, in Beijing time (UTC+8); amounts are Decimal, in yuan. The values that a
field's type and docstring list are those known today; any other text is read as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, Self, TypeAlias

from .fields import Fields

'''

_CLASS = '''
@dataclass(frozen=True, slots=True, kw_only=True)
class {name}:
{about}
{fields}
    @classmethod
    def from_data(cls, data: object, path: str = "data") -> Self:
        """The data of an event as this message. Raises Mismatch, with the path of what does not fit."""
        fields = Fields(data, path)
        return cls(
{arguments}        )
'''

_TAIL = '''
Message: TypeAlias = {union}
"""The data of an event, typed."""

MESSAGES: Final[Mapping[str, Callable[[object], Message]]] = {{
{members}}}
"""msg_method to what reads the data of its events. It raises Mismatch when they do not fit."""
'''

_TYPES = {"text": "str", "time": "datetime", "money": "Decimal"}
_READERS = {"text": "text", "time": "time", "money": "money", "list": "items"}
_WIDTH = 110


def python_module(messages: Iterable[Object]) -> str:
    """The module's source, not yet formatted. Raises ValueError when two definitions have the same name."""
    messages = list(messages)
    objects = [found for message in messages for found in _innermost_first(message)]
    names = [found.class_name for found in objects]
    if len(set(names)) < len(names):
        raise ValueError(f"Two definitions have the same name: {sorted(names)}")
    union = " | ".join(message.class_name for message in messages)
    members = "".join(f'    "{message.name}": {message.class_name}.from_data,\n' for message in messages)
    return "\n".join([_HEAD, *map(_class, objects), _TAIL.format(union=union, members=members)])


def _innermost_first(message: Object) -> Iterator[Object]:
    for field in message.fields:
        if field.item:
            yield from _innermost_first(field.item)
    yield message


def _class(found: Object) -> str:
    about = [f"{found.title.en} · {found.title.zh}", "", found.meaning.en, found.meaning.zh]
    fields = "".join(f"    {_name(field)}: {_annotation(field)}\n{_docstring(_about(field))}" for field in found.fields)
    arguments = "".join(f"            {_name(field)}={_reading(field)},\n" for field in found.fields)
    return _CLASS.format(name=found.class_name, about=_docstring(about), fields=fields, arguments=arguments)


def _name(field: Field) -> str:
    return f"{field.name}_" if keyword.iskeyword(field.name) else field.name


def _annotation(field: Field) -> str:
    known = ", ".join(f'"{value}"' for value in field.values if value)
    annotation = f"tuple[{field.item.class_name}, ...]" if field.item else _TYPES[field.kind]
    annotation = f"Literal[{known}] | {annotation}" if known else annotation
    return annotation if field.required else f"{annotation} | None = None"


def _reading(field: Field) -> str:
    method = _READERS[field.kind] + ("" if field.required else "_or_none")
    item = f", {field.item.class_name}.from_data" if field.item else ""
    return f'fields.{method}("{field.name}"{item})'


def _about(field: Field) -> list[str]:
    together = f"{field.meaning.en} {field.meaning.zh}"
    lines = [together] if _width(together) < _WIDTH else [field.meaning.en, field.meaning.zh]
    values = [f"`{value}`: {words.en} · {words.zh}" for value, words in field.values.items() if value]
    return [*lines, "", *values] if values else lines


def _docstring(lines: list[str]) -> str:
    indent = " " * 4
    wrapped = [part for line in lines for part in _wrap(line)]
    text = "\n".join(indent + line if line else "" for line in wrapped)
    return f'{indent}"""{text.strip()}\n{indent}"""\n' if len(wrapped) > 1 else f'{indent}"""{text.strip()}"""\n'


def _wrap(line: str) -> Iterator[str]:
    """The line in parts of a bounded width, in which a Chinese character counts twice and may end a part."""
    part = ""
    for token in re.findall(r"[!-~]+ ?|.", line):
        if part and _width(part + token) > _WIDTH:
            yield part.rstrip()
            part = ""
        part += token if part else token.lstrip()
    yield part


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "FW" else 1 for character in text)
