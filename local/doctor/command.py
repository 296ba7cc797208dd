"""`python -m local.doctor request …` and `… stack …`. Exit status: 0 healthy, 1 something is wrong, 2 usage."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from alipay_gateway.errors import KeyringUnavailable
from alipay_gateway.keys import PublicKey
from alipay_gateway.settings import Stores
from local.doctor.application_key import public_half
from local.doctor.capture import read_capture
from local.doctor.case import Case
from local.doctor.deployment import DeploymentNotFound, find
from local.doctor.diagnosis import diagnose
from local.doctor.report import show
from local.doctor.stack_report import examine
from local.events import MSG_METHODS

DEFAULT_STACK = "alipay-gateway"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one of the two."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments, Console())
    except (OSError, ValueError, DeploymentNotFound, BotoCoreError, ClientError) as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        return 2
    except KeyringUnavailable as error:
        Console(stderr=True).print(f"{error}: fill it first. 请先写入密钥库。", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def request(arguments: argparse.Namespace, console: Console) -> int:
    """Says what is wrong with a captured request."""
    if bool(arguments.keyring) == bool(arguments.stack):
        raise ValueError("Give one of --keyring FILE and --stack NAME")
    raw = sys.stdin.buffer.read() if arguments.input == "-" else Path(arguments.input).read_bytes()
    capture = read_capture(raw)
    if arguments.stack:
        deployment = find(arguments.stack, arguments.endpoint_url)
        keyring, stores = deployment.keyring(), deployment.stores()
    else:
        keyring, stores = Path(arguments.keyring).read_text("utf-8"), _default_stores()
    if arguments.retention_days:
        stores = Stores.from_env(_environment(stores) | {"RETENTION_DAYS": str(arguments.retention_days)})
    now = arguments.now or capture.received_at or time.time()
    case = Case(capture, keyring, stores, now, _application_key(arguments))
    diagnosis = diagnose(case)
    show(case, diagnosis, console)
    return 0 if diagnosis.healthy else 1


def stack(arguments: argparse.Namespace, console: Console) -> int:
    """Says what is wrong with a deployed stack."""
    deployment = find(arguments.stack, arguments.endpoint_url)
    return examine(deployment, console, url=arguments.url, with_round_trip=arguments.round_trip)


def _default_stores() -> Stores:
    prefix = f"…:{DEFAULT_STACK}-"
    return Stores("–", 30, prefix, frozenset(MSG_METHODS), f"{prefix}unrouted")


def _environment(stores: Stores) -> dict[str, str]:
    return {
        "LEDGER_TABLE": stores.ledger_table,
        "TOPIC_ARN_PREFIX": stores.topic_arn_prefix,
        "MSG_METHODS": ",".join(stores.msg_methods),
        "UNROUTED_TOPIC_ARN": stores.unrouted_topic_arn,
    }


def _application_key(arguments: argparse.Namespace) -> PublicKey | None:
    file = arguments.app_private_key or arguments.app_public_key
    return public_half(file.read_text("utf-8")) if file else None


def _time(text: str) -> float:
    """Seconds since the epoch, of a time with its offset or of epoch milliseconds."""
    if text.isdecimal():
        return int(text) / 1000
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("needs its offset from UTC")
    return moment.timestamp()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local.doctor", description="Why does it not verify? 为什么验签失败?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    aws = argparse.ArgumentParser(add_help=False)
    aws.add_argument("--endpoint-url", help="of an emulator in the place of AWS")

    one = commands.add_parser("request", parents=[aws], help="what is wrong with a captured request")
    one.set_defaults(run=request)
    one.add_argument(
        "input",
        nargs="?",
        default="-",
        help="file with a form body, URL, API Gateway event, curl command or log line (standard input)",
    )
    one.add_argument("--keyring", type=Path, help="file with the keyring's JSON")
    one.add_argument("--stack", help="or the stack whose keyring it is")
    one.add_argument("--now", type=_time, help="when to judge it: 2021-07-30T12:00:00+08:00 or epoch milliseconds")
    one.add_argument("--retention-days", type=int, help="the replay window (the stack's; 30)")
    one.add_argument("--app-public-key", type=Path, help="应用公钥, to compare: base64 or PEM")
    one.add_argument("--app-private-key", type=Path, help="应用私钥, to compare: base64 or PEM")

    all_ = commands.add_parser("stack", parents=[aws], help="what is wrong with a deployed stack")
    all_.set_defaults(run=stack)
    all_.add_argument("--stack", default=DEFAULT_STACK, help="the gateway's stack (%(default)s)")
    all_.add_argument("--url", help="the gateway's address, when it is not the stack's output (a domain of your own)")
    all_.add_argument(
        "--round-trip",
        action="store_true",
        help="send a signed notification through it; adds an app to the keyring meanwhile",
    )
    return parser
