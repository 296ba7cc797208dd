"""What the keyring stands on, under the test's control."""

import json
from typing import Any

from alipay_gateway.errors import KeyringUnavailable
from alipay_gateway.keyring import Keyring


class Clock:
    """Seconds since the epoch, as the test sets them."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """A keyring that the test changes, takes away (`failing`) and counts the reads of."""

    def __init__(self, **apps: Any) -> None:
        self.text = json.dumps(apps)
        self.failing = False
        self.reads = 0

    def hold(self, **apps: Any) -> None:
        self.text = json.dumps(apps)

    def __call__(self) -> str:
        self.reads += 1
        if self.failing:
            raise KeyringUnavailable("The keyring is gone")
        return self.text


class Watched:
    """A keyring with its source, its clock, what it reports and the days that it measures."""

    def __init__(self, **apps: Any) -> None:
        self.source, self.clock = Source(**apps), Clock()
        self.reports: list[str] = []
        self.days: list[float] = []
        self.keyring = Keyring(self.source, self.clock, self.reports.append, self.days.append)
