"""`make dashboard`: the dashboard that the template defines, drawn from what a load run leaves in the log.

A load goes to a stack of its own on the emulator, and for some seconds of it the function may not publish: a graph of
failures should have some. The widgets are read from the dashboard that was deployed, the values from the metrics in the
log lines. AWS's own metrics are not there.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from local.alipay import SimulatedAlipay, generate_aes_key
from local.dashboard_metrics import Json, Measured
from local.dashboard_picture import draw
from local.emulator import CommandFailed
from local.load import APP_ID, Load, run_load
from local.stack import ROOT, STATE, Stack, running_stack

PICTURE = ROOT / "docs" / "img" / "dashboard.svg"
POINTS = 40
"""How many periods a graph has, for a run that is over before CloudWatch's first minute is."""

FAULT_AFTER_S, FAULT_S = 15, 5


def forbid_publishing(stack: Stack) -> None:
    """After a while, and for a while."""
    iam, policy = stack.client("iam"), {"PolicyName": "fault"}
    function = stack.client("lambda").get_function(FunctionName=stack.outputs["FunctionName"])
    policy["RoleName"] = function["Configuration"]["Role"].rpartition("/")[2]
    statement = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}
    time.sleep(FAULT_AFTER_S)
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    time.sleep(FAULT_S)
    iam.delete_role_policy(**policy)


def widgets_of(stack: Stack) -> list[Json]:
    """The widgets of the stack's dashboard, as CloudWatch got them."""
    body = stack.client("cloudwatch").get_dashboard(DashboardName=stack.name)["DashboardBody"]
    widgets: list[Json] = json.loads(body)["widgets"]
    return widgets


def log_lines(stack: Stack) -> Iterator[str]:
    """Every line of the functions' log that holds metrics."""
    logs, group = stack.client("logs"), f"/aws/lambda/{stack.name}"
    for streams in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in streams["logStreams"]:
            # One by one: of many events the emulator gives the first 10,000 and does not say that there are more.
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, logStreamNames=[stream["logStreamName"]], filterPattern="CloudWatchMetrics"
            )
            yield from (event["message"] for page in pages for event in page["events"])


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser("python -m local.dashboard", description="Draw the dashboard of a load run.")
    parser.add_argument("--notifications", type=int, default=2000, help="genuine ones (%(default)s)")
    parser.add_argument("--to", type=Path, default=PICTURE, metavar="FILE", help="docs/img/dashboard.svg")
    arguments = parser.parse_args(argv)
    console = Console()
    alipay = SimulatedAlipay.generate(aes_key=generate_aes_key())
    try:
        with running_stack(STATE / "dashboard", console) as stack, ThreadPoolExecutor(1) as pool:
            stack.put_keyring({APP_ID: alipay.keyring_entry()})
            fault = pool.submit(forbid_publishing, stack)
            with console.status("Sending …"):
                run_load(stack, alipay, Load(notifications=arguments.notifications), progress=lambda _: None)
            fault.result()
            stack.client("lambda").invoke(FunctionName=stack.outputs["RedriveFunctionName"])
            measured, widgets = Measured(log_lines(stack)), widgets_of(stack)
    except CommandFailed as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    period_s = max(1, round(measured.seconds / POINTS))
    caption = (
        f"{arguments.notifications:,} made-up notifications, some twice, forgeries among them, and {FAULT_S} s without "
        f"the right to publish: {measured.seconds:.0f} s on the emulator, not on AWS. A point is {period_s} s"
    )
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    arguments.to.write_text(draw(widgets, measured, caption, period_s))
    console.print(f"[green]✓[/] {arguments.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
