"""The catalogue of messages: one JSON Schema (2020-12) per msg_method, in `schemas/`.

A schema is never a reason to lose a message: whatever becomes of the check, the message goes out, marked.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .notification import Notification

SCHEMAS = Path(__file__).parent / "schemas"


@dataclass(frozen=True, slots=True)
class Conformity:
    """`state` is `valid`, `invalid`, or `unknown` when the catalogue has no such message."""

    state: str = "unknown"
    dataschema: str = ""
    """The `$id` of the schema that the data adheres to; empty unless it does."""
    mismatch: str = ""
    """Where and which keyword of the schema was violated first: `$.royalty_detail_list[0].amount: type`. No values."""


UNKNOWN = Conformity()


class Catalogue:
    """Reads a schema when the first message of its msg_method arrives; the folder is looked at once."""

    def __init__(self, folder: Path = SCHEMAS) -> None:
        self._files = {path.stem: path for path in folder.glob("*.json")}
        self._checks: dict[str, Callable[[Notification], Conformity]] = {}

    def check(self, notification: Notification) -> Conformity:
        """How the data of the notification conforms to the schema of its msg_method. Does not raise."""
        msg_method = notification.msg_method
        if msg_method not in self._files:
            return UNKNOWN
        try:
            if msg_method not in self._checks:
                self._checks[msg_method] = _compile(self._files[msg_method])
            return self._checks[msg_method](notification)
        except Exception as error:  # noqa: BLE001  a broken schema, a number too long for Python: publish all the same
            return Conformity("unknown", mismatch=f"not checked: {type(error).__name__}")


def _compile(file: Path) -> Callable[[Notification], Conformity]:
    import fastjsonschema  # noqa: PLC0415  its import takes time, which forgeries need not cost

    schema = json.loads(file.read_text("utf-8"))
    # It speaks draft 7, which agrees with 2020-12 on the keywords that the catalogue uses; formats are annotations.
    validate: Callable[[Any], Any] = fastjsonschema.compile(schema, use_formats=False, use_default=False)

    def check(notification: Notification) -> Conformity:
        if not notification.data_is_json:
            return Conformity("invalid", mismatch="$: not JSON")
        try:
            validate(json.loads(notification.data))
        except fastjsonschema.JsonSchemaValueException as error:
            return Conformity("invalid", mismatch=_mismatch(error))
        return Conformity("valid", schema["$id"])

    return check


def _mismatch(error: Any) -> str:
    """What fastjsonschema's error says without its values. It calls the whole `data`."""
    path = error.name.replace("data", "$", 1)
    if error.rule == "required":
        path += "." + next(name for name in error.rule_definition if name not in error.value)
    return f"{path}: {error.rule}"
