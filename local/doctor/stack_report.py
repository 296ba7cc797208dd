"""Every check of a stack as one table: what is wrong first in the count, then row by row."""

from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alipay_gateway.errors import NotificationError
from local.doctor import keyring_checks, stack_checks
from local.doctor.deployment import Deployment
from local.doctor.round_trip import round_trip
from local.doctor.rows import Row, State, problem
from local.doctor.url_check import answers

_MARKS = {State.OK: "[green]✓[/]", State.WARNING: "[yellow]![/]", State.PROBLEM: "[bold red]✗[/]"}


def examine(deployment: Deployment, console: Console, *, url: str | None = None, with_round_trip: bool = False) -> int:
    """Shows the table. 0 when there is no problem; warnings are none."""
    rows: list[Row] = []
    with console.status("Looking at the stack …") as status:
        for name, check in _checks(deployment, url, with_round_trip=with_round_trip).items():
            status.update(f"Looking at {name} …")
            rows += _guarded(name, check)
    problems = sum(row.state is State.PROBLEM for row in rows)
    warnings = sum(row.state is State.WARNING for row in rows)
    if problems:
        console.print(f"[bold red]✗ {problems} to mend, {warnings} to look at  {problems} 项故障,{warnings} 项提醒[/]")
    else:
        console.print(f"[bold green]✓ Healthy, {warnings} to look at  正常,{warnings} 项提醒[/]")
    console.print(_table(rows))
    return 1 if problems else 0


def _checks(
    deployment: Deployment, url: str | None, *, with_round_trip: bool
) -> dict[str, Callable[[], Iterator[Row]]]:
    checks: dict[str, Callable[[], Iterator[Row]]] = {"stack": lambda: stack_checks.outputs(deployment)}
    if any(name not in deployment.outputs for name in stack_checks.OUTPUTS):
        return checks
    checks |= {
        "keyring": lambda: keyring_checks.keyring(deployment),
        "URL": lambda: answers(url or deployment.url),
        "topics": lambda: stack_checks.topics(deployment),
        "ledger": lambda: stack_checks.ledger(deployment),
        "backlog": lambda: stack_checks.backlog(deployment),
        "alarms": lambda: stack_checks.alarms(deployment),
    }
    if with_round_trip:
        checks["round trip"] = lambda: round_trip(deployment, url or deployment.url)
    return checks


def _guarded(name: str, check: Callable[[], Iterator[Row]]) -> list[Row]:
    rows: list[Row] = []
    try:
        for row in check():
            rows.append(row)  # noqa: PERF402  what was found before an error counts
    except (BotoCoreError, ClientError, NotificationError, KeyError, ValueError) as error:
        rows.append(problem(name, str(error), "May you read it? Does it exist? 检查权限与资源是否存在。"))
    return rows


def _table(rows: list[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("what 项目", overflow="fold", ratio=3)
    table.add_column("found 结果", overflow="fold", ratio=4)
    table.add_column("to do 处理", overflow="fold", ratio=4)
    for row in rows:
        table.add_row(_MARKS[row.state], escape(row.what), escape(row.found), escape(row.to_do))
    return table
