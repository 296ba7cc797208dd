"""What a check of a stack tells."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Row:
    """One line of the table: what was looked at, what was found, what to do about it (empty when all is well)."""

    what: str
    state: State
    found: str
    to_do: str = ""


def ok(what: str, found: str) -> Row:
    return Row(what, State.OK, found)


def warning(what: str, found: str, to_do: str) -> Row:
    return Row(what, State.WARNING, found, to_do)


def problem(what: str, found: str, to_do: str) -> Row:
    return Row(what, State.PROBLEM, found, to_do)
