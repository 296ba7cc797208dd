"""Send again what a deployed gateway has published: counts first, asks, then goes on with a progress bar.

    python -m local.replay --stack alipay-gateway --notify-id 2021073000073001
    python -m local.replay --stack alipay-gateway --msg-method alipay.trade.order.settle.notify \\
        --from 2021-07-30T00:00:00+08:00 --to 2021-07-31T00:00:00+08:00 --rate 20

AWS is the one that the environment's credentials lead to. An interrupted replay says how to resume it.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.prompt import Confirm


class ReplayFailed(Exception):
    """The function said what is wrong."""


class ReplayFunction:
    """The stack's replay function, called until an order is done."""

    def __init__(self, lambdas: Any, name: str) -> None:
        self._lambdas, self._name = lambdas, name

    def calls(self, order: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What each call did, the last one included. Raises ReplayFailed."""
        while True:
            response = self._lambdas.invoke(FunctionName=self._name, Payload=json.dumps(order).encode())
            result: dict[str, Any] = json.load(response["Payload"])
            if "FunctionError" in response:
                raise ReplayFailed(str(result.get("errorMessage", result)))
            yield result
            if not result["cursor"]:
                return
            if result["failed"]:
                time.sleep(5)  # SNS may recover; whoever does not want to wait interrupts
            order = {**order, "cursor": result["cursor"]}


def count(function: ReplayFunction, order: dict[str, Any], console: Console) -> int:
    """A dry run: how many messages the order matches."""
    scanned = matched = 0
    with console.status("Counting …") as status:
        for result in function.calls({**order, "dry_run": True}):
            scanned, matched = scanned + result["scanned"], matched + result["matched"]
            status.update(f"Counting … {matched} of {scanned} records")
    console.print(f"{matched} of {scanned} records match.")
    return matched


def replay(function: ReplayFunction, order: dict[str, Any], total: int | None, console: Console) -> int:
    """Sends them again and returns how many; says how to go on when it is interrupted."""
    published, cursor = 0, order.get("cursor")
    columns = SpinnerColumn(), TextColumn("Replaying"), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=total)
            for result in function.calls(order):
                published, cursor = published + result["published"], result["cursor"]
                progress.update(task, completed=published)
                if result["failed"]:
                    progress.console.print(f"[yellow]{escape(result['failed'])}; trying again")
    except (KeyboardInterrupt, ReplayFailed):
        resume = json.dumps(json.dumps(cursor)) if cursor else "none yet: nothing was sent"
        console.print(
            f"{published} were sent. Resume with: --replay-id {order['replay_id']} --cursor {resume}", soft_wrap=True
        )
        raise
    return published


def _order(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {
        "notify_id": arguments.notify_id,
        "msg_method": arguments.msg_method,
        "from": arguments.start,
        "to": arguments.end,
        "cursor": json.loads(arguments.cursor) if arguments.cursor else None,
    }
    order = {name: value for name, value in given.items() if value}
    return order | {"rate": arguments.rate, "seconds": 5, "replay_id": arguments.replay_id}


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m local.replay", description="Send again what was published.")
    parser.add_argument("--stack", default="alipay-gateway", help="the gateway's stack (alipay-gateway)")
    parser.add_argument("--notify-id", help="one notification, for every app that it was sent to")
    parser.add_argument("--msg-method", help="all of one kind, published from --from to before --to")
    parser.add_argument("--from", dest="start", metavar="TIME", help="2021-07-30T00:00:00+08:00")
    parser.add_argument("--to", dest="end", metavar="TIME", help="like --from")
    parser.add_argument("--rate", type=float, default=10, help="messages per second (10)")
    parser.add_argument("--dry-run", action="store_true", help="count only")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--replay-id", default=time.strftime("replay-%Y%m%dT%H%M%SZ", time.gmtime()), help="the mark")
    parser.add_argument("--cursor", help="where an interrupted replay ended")
    parser.add_argument("--endpoint-url", help="of an emulator in the place of AWS")
    arguments = parser.parse_args(argv)
    console = Console()
    cloudformation: Any = boto3.client("cloudformation", endpoint_url=arguments.endpoint_url)
    outputs = cloudformation.describe_stacks(StackName=arguments.stack)["Stacks"][0]["Outputs"]
    (name,) = [o["OutputValue"] for o in outputs if o["OutputKey"] == "ReplayFunctionName"]
    function = ReplayFunction(boto3.client("lambda", endpoint_url=arguments.endpoint_url), name)
    order = _order(arguments)
    try:
        total = count(function, order, console)
        if arguments.dry_run or not total:
            return 0
        if not arguments.yes and not Confirm.ask(f"Send {total} again, marked {order['replay_id']}?", console=console):
            return 1
        published = replay(function, order, total, console)
    except ReplayFailed as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f"[green]✓[/] {published} sent again, marked [bold]{order['replay_id']}[/].")
    return 0


if __name__ == "__main__":
    sys.exit(main())
