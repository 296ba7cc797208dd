"""`python -m local.alipay`: make a key, sign a notification, deliver it and read the answer."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local import messages
from local.alipay import (
    RETRY_INTERVALS_S,
    Answer,
    Convention,
    SignedNotification,
    SimulatedAlipay,
    deliver_with_retries,
    generate_aes_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MESSAGES = {
    "settle": messages.ORDER_SETTLE,
    "operation": messages.OPERATION_RESULT,
    "shop": messages.SHOP_REJECTED,
}
FLAT_MESSAGES = {"payment": messages.PAYMENT}
DEFAULT_APP_ID = "2021000000000001"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. `send` returns 0 only when the gateway answered `success`."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except (OSError, ValueError, LookupError) as error:
        Console(stderr=True).print(f"[red]{escape(str(error))}[/]")
        return 2
    return status


def keygen(arguments: argparse.Namespace) -> int:
    alipay = SimulatedAlipay.generate(arguments.bits, aes_key=generate_aes_key() if arguments.aes else None)
    if arguments.cert:
        alipay = alipay.with_certificate()
    keyring = json.dumps({arguments.app_id: alipay.keyring_entry()}, indent=2)
    _write_private(arguments.key, alipay.private_pem())
    if arguments.public:
        arguments.public.write_text(f"{alipay.public_key}\n")
    if alipay.certificate:
        _write_private(arguments.cert, alipay.certificate.encode())
    notes = Console(stderr=True)
    notes.print(f"The private key is in [bold]{escape(str(arguments.key))}[/]: keep it to yourself.")
    if arguments.keyring is None:
        notes.print("The keyring that makes the gateway accept it, for its secret:")
        print(keyring)
    else:
        _write_private(arguments.keyring, f"{keyring}\n".encode())
        notes.print(f"The keyring for the gateway's secret is in [bold]{escape(str(arguments.keyring))}[/].")
    return 0


def sign(arguments: argparse.Namespace) -> int:
    _, notification = _signed(arguments)
    Console(stderr=True).print(f"Content-Type: {notification.content_type}", style="dim")
    print(notification.form().decode("ascii"))
    return 0


def send(arguments: argparse.Namespace) -> int:
    alipay, notification = _signed(arguments)
    console = Console()
    _show_notification(console, arguments, notification)
    deliveries = 1 + len(RETRY_INTERVALS_S) if arguments.retry else 1

    def show(attempt: int, answer: Answer) -> None:
        again = not answer.accepted and attempt < deliveries
        wait = f", again in {RETRY_INTERVALS_S[attempt - 1] * arguments.scale:g} s" if again else ""
        mark = "[bold green]✓[/]" if answer.accepted else "[bold red]✗[/]"
        body = escape(repr(answer.body[:200]) if answer.status and not answer.body.isalpha() else answer.body)
        console.print(f"{mark} {attempt}/{deliveries}  {answer.status or '–'} {body}  {answer.seconds:.3f} s{wait}")

    answers = deliver_with_retries(
        arguments.url,
        lambda attempt: notification if attempt == 1 else alipay.retry(notification),
        deliveries=deliveries,
        scale=arguments.scale,
        on_answer=show,
        via=arguments.via,
        timeout=arguments.timeout,
    )
    return 0 if answers[-1].accepted else 1


def _signed(arguments: argparse.Namespace) -> tuple[SimulatedAlipay, SignedNotification]:
    if arguments.forge:
        alipay = SimulatedAlipay.generate(aes_key=arguments.aes_key)
    elif arguments.key is not None:
        alipay = SimulatedAlipay.from_pem(arguments.key, aes_key=arguments.aes_key)
    else:
        raise ValueError("Sign with --key private.pem, or with --forge for a signature that must be refused")
    if arguments.cert:
        alipay = alipay.with_certificate(arguments.cert.read_text("ascii"))
    if arguments.message in FLAT_MESSAGES:
        return alipay, _signed_flat(alipay, arguments)
    message = asdict(MESSAGES[arguments.message])
    chosen = {"msg_method": arguments.msg_method, "biz_content": arguments.biz_content}
    message |= {name: value for name, value in chosen.items() if value is not None}
    return alipay, alipay.notification(
        app_id=arguments.app_id,
        **message,
        notify_id=arguments.notify_id,
        charset=arguments.charset,
        convention=Convention(arguments.convention),
        sign_type=arguments.sign_type,
        encrypt=arguments.encrypt,
        extra=dict(arguments.set),
    )


def _signed_flat(alipay: SimulatedAlipay, arguments: argparse.Namespace) -> SignedNotification:
    if arguments.encrypt or arguments.biz_content is not None:
        raise ValueError("A version 1.0 notification has no biz_content: give its fields with --set, unencrypted")
    message = FLAT_MESSAGES[arguments.message]
    return alipay.flat_notification(
        app_id=arguments.app_id,
        notify_type=arguments.msg_method or message.notify_type,
        fields={**message.fields, **dict(arguments.set)},
        notify_id=arguments.notify_id,
        charset=arguments.charset,
        convention=Convention(arguments.convention),
        sign_type=arguments.sign_type,
    )


def _show_notification(console: Console, arguments: argparse.Namespace, notification: SignedNotification) -> None:
    signer = "a forger's key" if arguments.forge else str(arguments.key)
    how = f"{notification.convention} signature of {signer}, in the {arguments.via}"
    table = Table(title=f"POST {escape(arguments.url)}", caption=escape(how), show_header=False, title_justify="left")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in notification.parameters.items():
        table.add_row(escape(name), escape(f"{value[:24]}…" if name == "sign" else value))
    console.print(table)


def _write_private(path: Path, content: bytes) -> None:
    """Create a file that only its owner may read; raises FileExistsError rather than lose an older key."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _text_or_file(text: str) -> str:
    """The text itself, or with @ before it the UTF-8 file that it names."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_bytes().decode()
    except (OSError, UnicodeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local.alipay", description="Play Alipay to a notification gateway.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    make = commands.add_parser("keygen", help="make Alipay's key pair and the keyring that makes it accepted")
    make.set_defaults(run=keygen)
    make.add_argument("--key", type=Path, default=Path("private.pem"), help="private key to write (%(default)s)")
    make.add_argument("--keyring", type=Path, help="write the keyring JSON here instead of to standard output")
    make.add_argument("--public", type=Path, help="write the public key here too, in one line")
    make.add_argument("--app-id", default=DEFAULT_APP_ID, help="application the key is for (%(default)s)")
    make.add_argument("--aes", action="store_true", help="make an AES key too, for encrypted messages")
    make.add_argument("--cert", type=Path, help="write a certificate of the key here: certificate mode")
    make.add_argument("--bits", type=int, default=2048, help="size of the RSA key (%(default)s)")

    message = argparse.ArgumentParser(add_help=False)
    message.add_argument("--key", type=Path, help="Alipay's private key, PEM, as keygen writes it")
    message.add_argument("--forge", action="store_true", help="sign with a key made on the spot, as a forger would")
    message.add_argument("--cert", type=Path, help="Alipay's certificate, PEM: certificate mode")
    message.add_argument("--app-id", default=DEFAULT_APP_ID, help="receiving application (%(default)s)")
    message.add_argument(
        "--message",
        choices=[*MESSAGES, *FLAT_MESSAGES],
        default="settle",
        help="one of the samples; a payment is of version 1.0",
    )
    message.add_argument("--msg-method", help="any other message name")
    message.add_argument("--biz-content", type=_text_or_file, metavar="TEXT|@FILE", help="any other content")
    message.add_argument("--notify-id", help="same id, same notification (default: a new one)")
    message.add_argument("--charset", default="UTF-8", help="UTF-8, GBK, … (%(default)s)")
    message.add_argument("--convention", choices=list(Convention), default="V1", help="V2 signs sign_type too")
    message.add_argument("--sign-type", default="RSA2", help="RSA2, or the old RSA (%(default)s)")
    message.add_argument("--encrypt", action="store_true", help="encrypt the content with --aes-key")
    message.add_argument("--aes-key", type=_text_or_file, metavar="BASE64|@FILE", help="the application's AES key")
    message.add_argument(
        "--set",
        type=_name_and_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one more parameter",
    )

    show = commands.add_parser("sign", parents=[message], help="print the signed form body, for curl --data-binary @-")
    show.set_defaults(run=sign)

    post = commands.add_parser("send", parents=[message], help="deliver to a gateway; exit status 0 means `success`")
    post.set_defaults(run=send)
    post.add_argument("url", metavar="URL", help="the gateway's URL, https://…/alipay/notify")
    post.add_argument("--via", choices=["body", "query"], default="body", help="where the parameters go (%(default)s)")
    post.add_argument("--retry", action="store_true", help="deliver up to 8 times on Alipay's schedule")
    post.add_argument("--scale", type=float, default=1.0, help="stretch the schedule, 0.001 for a demo (%(default)s)")
    post.add_argument("--timeout", type=float, default=30.0, help="seconds to wait for an answer (%(default)s)")
    return parser
