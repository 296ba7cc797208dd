"""The fields of a message's data, read as typed values.

Alipay's lengths and enumerations are not enforced here: a value that it adds tomorrow must not stop a consumer.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar

from .errors import Mismatch

BEIJING = timezone(timedelta(hours=8), "UTC+8")

T = TypeVar("T")
_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?")


class Fields:
    """The fields of one JSON object. Every method raises Mismatch when the field is not what it is read as.

    The methods ending in `_or_none` give None for a field that is not there or null; those of times and amounts for a
    blank one, too, which is how a version 1.0 notification says that there is none.
    """

    def __init__(self, data: object, path: str = "data") -> None:
        if not isinstance(data, Mapping):
            raise Mismatch(f"{path} is not an object")
        self._data: Mapping[str, Any] = data
        self._path = path

    def text(self, name: str) -> str:
        """Text, as it was sent."""
        return _text(self._needed(name), self._at(name))

    def text_or_none(self, name: str) -> str | None:
        """Text, as it was sent; a blank one stays blank."""
        return self._optional(name, _text, nothing=(None,))

    def money(self, name: str) -> Decimal:
        """An amount in yuan, from a JSON number or a decimal string, with the digits that were sent: `10.00`."""
        return _money(self._needed(name), self._at(name))

    def money_or_none(self, name: str) -> Decimal | None:
        """An amount in yuan, as `money`."""
        return self._optional(name, _money)

    def time(self, name: str) -> datetime:
        """A time: aware, Beijing time (UTC+8), to the second or finer."""
        return _time(self._needed(name), self._at(name))

    def time_or_none(self, name: str) -> datetime | None:
        """A time, as `time`."""
        return self._optional(name, _time)

    def items(self, name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """The items of an array, each read by `read`, which is given the item and its path."""
        return _items(read)(self._needed(name), self._at(name))

    def items_or_none(self, name: str, read: Callable[[object, str], T]) -> tuple[T, ...] | None:
        """The items of an array, as `items`."""
        return self._optional(name, _items(read), nothing=(None,))

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}"

    def _needed(self, name: str) -> object:
        if name not in self._data:
            raise Mismatch(f"{self._at(name)} is missing")
        return self._data[name]

    def _optional(
        self, name: str, read: Callable[[object, str], T], nothing: tuple[object, ...] = (None, "")
    ) -> T | None:
        value = self._data.get(name)
        return None if value in nothing else read(value, self._at(name))


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise Mismatch(f"{path} is not a string")
    return value


def _money(value: object, path: str) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _MONEY.fullmatch(value):
        return Decimal(value)
    raise Mismatch(f"{path} is not an amount in yuan")


def _time(value: object, path: str) -> datetime:
    try:
        if isinstance(value, str) and _TIME.fullmatch(value):
            return datetime.fromisoformat(value).replace(tzinfo=BEIJING)
    except ValueError:
        pass
    raise Mismatch(f"{path} is not a time (yyyy-MM-dd HH:mm:ss)")


def _items(read: Callable[[object, str], T]) -> Callable[[object, str], tuple[T, ...]]:
    def items(value: object, path: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise Mismatch(f"{path} is not an array")
        return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))

    return items
