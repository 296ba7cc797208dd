"""`make load`: thousands of signed notifications from many senders at once, reconciled to the last notify_id.

Among them are duplicates and forgeries; what fails is retried on Alipay's schedule, scaled. Everything stays on the
loopback interface. The exit status is not zero when anything is not as promised.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import requests
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from local.alipay import SimulatedAlipay, deliver, generate_aes_key
from local.emulator import CommandFailed
from local.load_books import Books
from local.load_plan import MSG_METHODS, Outbox, Programme
from local.load_report import Result, show
from local.services import Service, subscribe
from local.stack import STATE, Stack, find_stack, running_stack

APP_ID = "2021000000000009"
SETTLE_S = 30
"""How long after the last answer the queue may take to hold what was acknowledged."""


@dataclass(frozen=True)
class Load:
    """What to send, and in which time at the most."""

    notifications: int = 20_000
    senders: int = 8
    duplicates: float = 0.1
    forgeries: float = 0.05
    scale: float = 0.001
    """Of Alipay's schedule: 0.001 puts the eight deliveries into 88 seconds, more than a lease."""
    time_limit_s: float = 3600


def run_load(
    stack: Stack, alipay: SimulatedAlipay, load: Load, *, app_id: str = APP_ID, progress: Callable[[Books], object]
) -> Result:
    """Sends everything, drains a queue of its own that is subscribed to every topic, and reconciles.

    The keyring knows the app. `progress` is called after every answer, from many threads.
    """
    queue = subscribe(stack, Service(f"load-{time.time_ns()}", [*MSG_METHODS[:-1], "unrouted"]))
    programme = Programme(alipay, app_id, load.notifications)
    books, sent = Books(programme), Event()
    planned = programme.deliveries(duplicates=load.duplicates, forgeries=load.forgeries)
    outbox = Outbox(planned, scale=load.scale, deadline=time.monotonic() + load.time_limit_s)
    with ThreadPoolExecutor(load.senders + 1) as pool:
        drained = pool.submit(_drain, stack, queue, books, sent)
        began = time.monotonic()
        try:
            senders = [
                pool.submit(_send, stack.gateway_url, programme, outbox, books, progress) for _ in range(load.senders)
            ]
            for sender in senders:
                sender.result()
        finally:
            seconds = time.monotonic() - began
            sent.set()
        drained.result()
    return Result(seconds, books, books.reconcile())


def _send(url: str, programme: Programme, outbox: Outbox, books: Books, progress: Callable[[Books], object]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        while delivery := outbox.take():
            answer = deliver(url, programme.sign(delivery), via=delivery.via, post=session.post)
            books.answered(delivery, answer)
            outbox.answered(delivery, again=delivery.kind == "genuine" and not answer.accepted)
            progress(books)


def _drain(stack: Stack, queue_url: str, books: Books, sent: Event) -> None:
    """Takes everything from the queue, until all was sent and the queue stays empty."""
    sqs = stack.client("sqs")
    deadline = float("inf")
    while True:
        finished = sent.is_set()
        if finished:
            deadline = min(deadline, time.monotonic() + SETTLE_S)
        batch = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
        if batch:
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(batch)]
            sqs.delete_message_batch(QueueUrl=queue_url, Entries=entries)
        for message in batch:
            books.received(message)
        if finished and (time.monotonic() > deadline or not (batch or books.awaited())):
            return


@contextmanager
def _stack(endpoint: str | None, console: Console, alipay: SimulatedAlipay) -> Iterator[Stack]:
    """A stack of its own, or the running one with the load's app in its keyring for the time being."""
    if endpoint is None:
        with running_stack(STATE / "load", console) as stack:
            stack.put_keyring({APP_ID: alipay.keyring_entry()})
            yield stack
        return
    if urlsplit(endpoint).hostname not in {"127.0.0.1", "localhost"}:
        raise CommandFailed(f"{endpoint} is not on this machine")
    stack = find_stack(endpoint)
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["KeyringSecretArn"])
    keyring = json.loads(secret["SecretString"])
    stack.put_keyring({**keyring, APP_ID: alipay.keyring_entry()})
    try:
        yield stack
    finally:
        stack.put_keyring(keyring)


def _parser() -> argparse.ArgumentParser:
    usual = Load()
    parser = argparse.ArgumentParser("python -m local.load", description=__doc__.splitlines()[0])
    parser.add_argument("--notifications", type=int, default=usual.notifications, help="genuine ones (%(default)s)")
    parser.add_argument("--senders", type=int, default=usual.senders, help="at the same time (%(default)s)")
    parser.add_argument("--duplicates", type=float, default=usual.duplicates, help="their share (%(default)s)")
    parser.add_argument("--forgeries", type=float, default=usual.forgeries, help="their share (%(default)s)")
    parser.add_argument("--scale", type=float, default=usual.scale, help="of Alipay's schedule (%(default)s)")
    parser.add_argument("--time-limit", type=float, default=usual.time_limit_s, help="seconds to send (%(default)s)")
    parser.add_argument("--endpoint", help="of a stack that runs already, http://127.0.0.1:4566 after `make up`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The load, from nothing to its tables. Returns 0 only when the promise was kept."""
    arguments = _parser().parse_args(argv)
    load = Load(
        notifications=arguments.notifications,
        senders=arguments.senders,
        duplicates=arguments.duplicates,
        forgeries=arguments.forgeries,
        scale=arguments.scale,
        time_limit_s=arguments.time_limit,
    )
    console = Console(width=None if sys.stdout.isatty() else 120)
    alipay = SimulatedAlipay.generate(aes_key=generate_aes_key())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        with (
            _stack(arguments.endpoint, console, alipay) as stack,
            Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bars,
        ):
            acknowledged = bars.add_task("acknowledged", total=load.notifications)
            received = bars.add_task("received", total=load.notifications)

            def progress(books: Books) -> None:
                bars.update(acknowledged, completed=len(books.seconds["new"]))
                bars.update(received, completed=books.taken)

            result = run_load(stack, alipay, load, progress=progress)
            progress(result.books)
    except CommandFailed as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    show(console, result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result.as_json(), indent=2) + "\n")
    return not result.reconciliation.promise_kept


if __name__ == "__main__":
    sys.exit(main())
