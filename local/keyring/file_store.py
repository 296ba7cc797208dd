"""The keyring in a file, for running the function locally, or to be put into a secret by other means."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local.keyring.document import Refusal
from local.keyring.stores import CHANGED, EMPTY, Snapshot


class FileStore:
    """A Store. The version before is kept beside the file, as `<file>.bak`.

    A file is exchanged at once, so an interrupted write leaves the old one. Whether it is still the one that was read
    is looked at just before: what somebody else writes between the two is lost.
    """

    limit: int | None = None

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # a symbolic link stays one
        self._backup = self._path.with_name(f"{self._path.name}.bak")
        self.name = str(path)

    def read(self) -> Snapshot:
        return self._snapshot(self._path) or EMPTY

    def previous(self) -> Snapshot:
        previous = self._snapshot(self._backup)
        if previous is None:
            raise Refusal(f"There is no {self.name}.bak to go back to")
        return previous

    def write(self, text: str, over: Snapshot) -> None:
        with (
            _plain_errors(self.name),
            _written(text, self._path) as new,
            _written(over.text, self._path) as old,
        ):
            if self.read() != over:
                raise Refusal(CHANGED)
            if over.version:
                old.replace(self._backup)
            new.replace(self._path)

    def put_back(self, previous: Snapshot, over: Snapshot) -> None:
        self.write(previous.text, over)

    def _snapshot(self, path: Path) -> Snapshot | None:
        with _plain_errors(self.name):
            try:
                raw = path.read_bytes()
            except FileNotFoundError:
                return None
            try:
                return Snapshot(raw.decode(), hashlib.sha256(raw).hexdigest())
            except UnicodeDecodeError:
                raise Refusal(f"{path.name} is not UTF-8: it is no keyring") from None


@contextmanager
def _written(text: str, beside: Path) -> Iterator[Path]:
    """A file in the same folder, as much for others to read as the one beside; gone when it was not moved away."""
    descriptor, name = tempfile.mkstemp(dir=beside.parent, prefix=f".{beside.name}.")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), stat.S_IMODE(beside.stat().st_mode))
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _plain_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refusal(f"{name}: {error.strerror or type(error).__name__}") from None
