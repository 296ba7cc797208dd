"""The command line: reads the keyring, makes the change, shows it, asks, writes."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

import boto3
from rich.console import Console

from local.keyring.arguments import parse
from local.keyring.changes import may_go_back
from local.keyring.document import Document, Refusal
from local.keyring.file_store import FileStore
from local.keyring.inputs import confirmed
from local.keyring.secret_store import SecretStore, plain_errors
from local.keyring.show import difference, listing, say
from local.keyring.stores import Store


def main(argv: Sequence[str] | None = None) -> int:
    """0: done, or nothing to do. 1: the answer was no. 2: refused, and nothing written. 130: interrupted."""
    out, err = Console(), Console(stderr=True)
    arguments = parse(argv)
    run = {"list": _list, "undo": _undo, "change": _change}[arguments.command]
    try:
        return run(arguments, _store(arguments), out, datetime.now(UTC))
    except Refusal as refusal:
        say(err, str(refusal), "red")
        return 2
    except KeyboardInterrupt:
        return 130


def _store(arguments: argparse.Namespace) -> Store:
    if arguments.file:
        return FileStore(arguments.file)
    secret_id = f"{arguments.stack}/keyring"
    with plain_errors(secret_id):
        return SecretStore(boto3.client("secretsmanager"), secret_id)


def _list(_: argparse.Namespace, store: Store, out: Console, now: datetime) -> int:
    snapshot = store.read()
    if snapshot.version is None:
        say(out, f"{store.name}: nothing is there yet. Say add-app.")
    else:
        listing(out, Document(snapshot.text), name=store.name, limit=store.limit, now=now)
    return 0


def _change(arguments: argparse.Namespace, store: Store, out: Console, now: datetime) -> int:
    snapshot = store.read()
    before = Document(snapshot.text)
    made = arguments.change(before, arguments.app_id, **arguments.inputs(arguments))
    if made.after is None:
        say(out, f"Nothing changed. {' '.join(made.warnings)}.")
        return 0
    if store.limit and made.after.size > store.limit:
        raise Refusal(f"The keyring would have {made.after.size:,} bytes, a secret holds {store.limit:,}: retire keys")
    if not _agreed(arguments, store, out, difference(before, made.after, now), made.warnings):
        return 1
    store.write(made.after.text, snapshot)
    say(out, "Written. The function has what is new within a minute, all else within five; `undo` goes back.", "green")
    return 0


def _undo(arguments: argparse.Namespace, store: Store, out: Console, now: datetime) -> int:
    snapshot, previous = store.read(), store.previous()
    if snapshot.text == previous.text:
        say(out, "Nothing changed. The version before is the same.")
        return 0
    target = Document(previous.text)
    try:
        before, warnings = Document(snapshot.text), []
    except Refusal:
        before, warnings = Document("{}"), ["What is there now is no keyring"]
    may_go_back(before, target)
    if not _agreed(arguments, store, out, difference(before, target, now), warnings):
        return 1
    store.put_back(previous, snapshot)
    say(out, "The version before is back. Another `undo` takes that back.", "green")
    return 0


def _agreed(
    arguments: argparse.Namespace, store: Store, out: Console, lines: Sequence[str], warnings: Sequence[str]
) -> bool:
    for line in lines:
        say(out, line, {"+": "green", "-": "red"}.get(line[0], ""))
    for warning in warnings:
        say(out, f"! {warning}.", "yellow")
    return arguments.yes or confirmed(f"Change {store.name} so?")
