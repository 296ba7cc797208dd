"""What the operator sees: the keyring as tables, a change as lines. Never a key."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alipay_gateway.keyring import EXPIRY_NOTICE_DAYS
from alipay_gateway.keys import AppKeys
from local.keyring.document import Document
from local.keyring.names import aes_key_line, aes_name, days_left, expiry, public_key_line


def listing(console: Console, document: Document, *, name: str, limit: int | None, now: datetime) -> None:
    of = f" of {limit:,}" if limit else ""
    apps = "1 app" if len(document.apps) == 1 else f"{len(document.apps)} apps"
    say(console, f"{name}: {apps}, {document.size:,}{of} bytes", "bold")
    for app_id, keys in document.apps.items():
        if isinstance(keys, str):
            say(console, f"\n{app_id} is refused, its entry is broken: {keys}", "red")
        else:
            say(console, f"\n{app_id} accepts {', '.join(sorted(keys.sign_types, reverse=True))}", "bold")
            console.print(_table(keys, now))
    for note in notes(document):
        say(console, f"\n{note}", "yellow")


def _table(keys: AppKeys, now: datetime) -> Table:
    table = Table("", "name", "bits", "kind", "expires", box=None, header_style="dim")
    for key in keys.public_keys:
        days = days_left(key, now)
        style = "yellow" if days is not None and days < EXPIRY_NOTICE_DAYS else ""
        kind = f"certificate SN {key.sn}" if key.sn else "key"
        left = Text("" if days is None else expiry(days), style)
        table.add_row("RSA", key.fingerprint, str(key.rsa.key_size), kind, left)
    for raw in keys.aes_keys:
        table.add_row("AES", aes_name(raw), str(len(raw) * 8), "key")
    for column in table.columns[:3]:
        column.no_wrap = True
    return table


def notes(document: Document) -> Iterator[str]:
    """What is odd about the keyring as a whole."""
    holders: dict[str, Counter[str]] = {}
    for app_id, keys in document.apps.items():
        for key in keys.public_keys if isinstance(keys, AppKeys) else ():
            holders.setdefault(key.fingerprint, Counter())[app_id] += 1
    for fingerprint, apps in holders.items():
        if len(apps) > 1:
            yield (
                f"Key {fingerprint} is under apps {', '.join(apps)}. Alipay's key (支付宝公钥) differs from app to "
                "app: has one been mistaken for another, or for an application's own (应用公钥)?"
            )
        yield from (f"App {app_id} has key {fingerprint} {n} times" for app_id, n in apps.items() if n > 1)


def difference(before: Document, after: Document, now: datetime) -> list[str]:
    """Lines that begin with - for what goes, + for what comes, ~ for what else is different."""
    lines = []
    for app_id in {**before.entries, **after.entries}:
        if before.entries.get(app_id) == after.entries.get(app_id):
            continue
        old, new = Counter(_lines(before, app_id, now)), Counter(_lines(after, app_id, now))
        changed = [f"- {app_id} {line}" for line in (old - new).elements()]
        changed += [f"+ {app_id} {line}" for line in (new - old).elements()]
        lines += changed or [f"~ {app_id} the order of its keys, or what the function does not read"]
    return lines


def _lines(document: Document, app_id: str, now: datetime) -> Iterator[str]:
    keys = document.apps.get(app_id)
    if isinstance(keys, str):
        yield f"broken: {keys}"
    elif keys:
        yield from (public_key_line(key, now) for key in keys.public_keys)
        yield from map(aes_key_line, keys.aes_keys)
        yield from (f"accepts {name}" for name in sorted(keys.sign_types, reverse=True))


def say(console: Console, text: str, style: str = "") -> None:
    """One line as it is, but for what could steer a terminal."""
    plain = "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)
    console.print(Text(plain, style), soft_wrap=True)
