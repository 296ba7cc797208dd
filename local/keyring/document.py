"""The keyring's text, changed member by member: what a change does not concern stays as it was written.

Python would write `1.10` as `1.1` and `1e999` as no JSON at all. So entries, and the members of an
entry, are kept as pieces of the text; the white space between them is all that a change makes anew, an app a line.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alipay_gateway.errors import KeyringUnavailable
from alipay_gateway.keys import AppKeys, parse_keyring


class Refusal(Exception):
    """The command changes nothing; one line says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A member of a JSON object: its name and its value as they are written."""

    name: str
    value: str


@dataclass(frozen=True)
class Document:
    """A keyring; raises Refusal when the text is none. `apps` is what the function makes of each entry."""

    text: str
    apps: Mapping[str, AppKeys | str] = field(init=False)
    entries: Mapping[str, Piece] = field(init=False)

    def __post_init__(self) -> None:
        try:
            apps = parse_keyring(self.text)
        except KeyringUnavailable as error:
            raise Refusal(f"{error}. Mend it by hand, or go back with `undo`") from None
        object.__setattr__(self, "apps", apps)
        object.__setattr__(self, "entries", members(self.text))

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    def strings(self, app_id: str, name: str) -> list[str]:
        """A member of an app's entry that is a list of strings; empty when it is missing."""
        entry = json.loads(self.entries[app_id].value)
        values = entry.get(name, []) if isinstance(entry, dict) else None
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Refusal(f"The entry of app {app_id} is broken beyond this command: remove-app, then add-app")
        return values

    def with_strings(self, app_id: str, name: str, values: Sequence[str]) -> "Document":
        """With a list of strings in an app's entry; both come to be where they are not, an empty list goes."""
        entry = self.entries.get(app_id, Piece(json.dumps(app_id), "{}"))
        inside = members(entry.value)
        if values:
            inside[name] = Piece(inside[name].name if name in inside else json.dumps(name), json.dumps(values))
        else:
            inside.pop(name, None)
        value = "{" + ", ".join(f"{piece.name}: {piece.value}" for piece in inside.values()) + "}"
        return _written({**self.entries, app_id: Piece(entry.name, value)})

    def without(self, app_id: str) -> "Document":
        return _written({name: piece for name, piece in self.entries.items() if name != app_id})


def members(text: str) -> dict[str, Piece]:
    """The members of a JSON object, by the names that are meant; the text is known to be such an object."""
    pieces: dict[str, Piece] = {}
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        name, end = _DECODER.raw_decode(text, at)
        begin = _skip(text, _skip(text, end) + 1)  # behind the colon
        _, stop = _DECODER.raw_decode(text, begin)
        pieces[name] = Piece(text[at:end], text[begin:stop])
        at = _skip(text, stop)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return pieces


_DECODER = json.JSONDecoder()
_WHITE_SPACE = re.compile(r"[ \t\n\r]*")


def _skip(text: str, at: int) -> int:
    space = _WHITE_SPACE.match(text, at)
    return space.end() if space else at


def _written(entries: Mapping[str, Piece]) -> Document:
    lines = ",\n".join(f"{piece.name}: {piece.value}" for piece in entries.values())
    return Document(f"{{\n{lines}\n}}\n" if lines else "{}\n")
