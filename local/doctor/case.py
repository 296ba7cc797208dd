"""One request to diagnose, and what a diagnosis is made of."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from alipay_gateway.keys import AppKeys, PublicKey, parse_keyring
from alipay_gateway.settings import Stores
from local.doctor.capture import Capture
from local.doctor.reading import Parameters, known_names, read
from local.doctor.verdict import Verdict, judge

_NAME = re.compile(r"[\w.-]{1,32}", re.ASCII)


@dataclass(frozen=True)
class Finding:
    """A cause, by its name in findings.toml, and what its texts tell of this request."""

    cause: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """`keyring` is the secret's JSON text, `now` in seconds since the epoch.

    `application_key` is the application's own public key (应用公钥), where the operator gives it to compare.
    """

    capture: Capture
    keyring: str
    stores: Stores
    now: float
    application_key: PublicKey | None = None

    @cached_property
    def verdict(self) -> Verdict:
        """What the gateway says."""
        return judge(self.capture.event, self.keyring, self.stores, self.now)

    @cached_property
    def apps(self) -> dict[str, AppKeys | str]:
        """The parsed keyring. Raises KeyringUnavailable."""
        return parse_keyring(self.keyring)

    @cached_property
    def part(self) -> bytes:
        """The raw part of the request that the parameters are in."""
        return self.capture.part[1]

    @cached_property
    def parameters(self) -> Parameters:
        """As the gateway reads them; the last of several of one name."""
        return read(self.part)

    @property
    def keys(self) -> AppKeys | None:
        """The app's keys, when its entry is there and whole."""
        entry = self.apps.get(self.raw("app_id"))
        return entry if isinstance(entry, AppKeys) else None

    def raw(self, name: str) -> str:
        """A parameter as ASCII text, to compare."""
        return self.parameters.get(name.encode(), b"").decode("ascii", "replace")

    def shown(self, name: str) -> str:
        """A common parameter, to show. One that is too odd may hold pieces of others, so only its length is told."""
        text = self.raw(name)
        return text if not text or _NAME.fullmatch(text) else f"({len(text)} bytes)"


def shown_names(names: Iterable[bytes]) -> str:
    """Names of parameters, to show. What is no name may be a piece of a value, so only its length is told."""
    return ", ".join(map(shown_name, sorted(names)))


def shown_name(name: bytes) -> str:
    """One of them."""
    text = name.decode("ascii", "replace")
    return text if name in known_names() or _NAME.fullmatch(text) else f"({len(name)} bytes)"
