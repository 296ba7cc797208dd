"""Where a keyring is kept: read with its version, written only over the version that was read."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read. A keyring that has no value yet is empty, and its version None."""

    text: str
    version: str | None


EMPTY = Snapshot("{}", None)
CHANGED = "Somebody else has changed the keyring since it was read: nothing was written; look at it, and begin again"


class Store(Protocol):
    """Raises Refusal, from every method, when that cannot be done."""

    name: str
    limit: int | None
    """The most bytes that it holds."""

    def read(self) -> Snapshot: ...

    def previous(self) -> Snapshot:
        """The version before the one that `read` returns."""

    def write(self, text: str, over: Snapshot) -> None: ...

    def put_back(self, previous: Snapshot, over: Snapshot) -> None: ...
