"""The diagnosis on the terminal: what is wrong and what to do first, what was looked at after it.

Nothing here shows a key, a signature or content: names, lengths and fingerprints only.
"""

from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alipay_gateway.errors import KeyringUnavailable, NotificationError
from alipay_gateway.keys import AppKeys
from local.doctor.case import Case, Finding, shown_name
from local.doctor.diagnosis import Diagnosis
from local.doctor.texts import text_of


def show(case: Case, diagnosis: Diagnosis, console: Console) -> None:
    """The whole report."""
    if diagnosis.healthy:
        console.print("[bold green]✓ Healthy: the gateway would publish it.  正常:网关会发布该通知。[/]")
    for finding in (*diagnosis.findings, *diagnosis.warnings):
        console.print(_panel(finding))
    if diagnosis.repaired:
        console.print(_after_repair(diagnosis.repaired))
    if case.capture.without_parameters:
        return
    console.print(_details("What was read 读到的内容", _read(case)))
    if diagnosis.healthy:
        console.print(_details("What would be published 将发布的内容", _published(case)))


def _panel(finding: Finding) -> Panel:
    text = text_of(finding)
    warning = text.level == "warning"
    sides = Table.grid(expand=True, padding=(0, 2, 0, 0))
    sides.add_column(ratio=1, overflow="fold")
    sides.add_column(ratio=1, overflow="fold")
    sides.add_row(Text(text.en), Text(text.zh))
    sides.add_row("", "")
    sides.add_row(Text("→ " + text.do_en, "bold"), Text("→" + text.do_zh, "bold"))
    style = "yellow" if warning else "red"
    title = f"{'!' if warning else '✗'} {finding.cause}"
    return Panel(sides, title=title, title_align="left", border_style=style, padding=(0, 1))


def _after_repair(repaired: Case) -> Text:
    if repaired.verdict.error is None:
        return Text("With this undone the gateway would accept it.  消除上述问题后,网关会接受该请求。", "green")
    return Text("With this undone the gateway would still refuse it.  消除上述问题后,网关仍会拒绝。", "yellow")


def _details(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, title_style="bold", box=None, padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(escape(name), escape(value))
    return table


def _read(case: Case) -> list[tuple[str, str]]:
    where, part = case.capture.part
    error = case.verdict.error
    names = ", ".join(f"{shown_name(name)} ({len(value)})" for name, value in case.parameters.items())
    rows = [
        ("input 输入", f"{case.capture.form}; {len(part)} bytes in the {where}"),
        ("parameters 参数(字节)", names or "–"),
        *((name, case.shown(name)) for name in ("app_id", "sign_type", "charset", "alipay_cert_sn") if case.raw(name)),
        ("keys 密钥", _keys(case)),
        ("judged at 判断时刻", f"{datetime.fromtimestamp(case.now, UTC):%Y-%m-%d %H:%M:%S} UTC"),
    ]
    if isinstance(error, NotificationError):
        rows.append(("gateway's reply 网关应答", f"{error.status} fail, {error.reason}"))
    return rows


def _keys(case: Case) -> str:
    try:
        entry = case.apps.get(case.raw("app_id"))
    except KeyringUnavailable:
        return "–"
    if not isinstance(entry, AppKeys):
        return "–"
    return ", ".join(f"{key.fingerprint} ({key.rsa.key_size} bit)" for key in entry.public_keys)


def _published(case: Case) -> list[tuple[str, str]]:
    receipt = case.verdict.receipt
    message, verified, conformity = receipt.message, receipt.verified, receipt.conformity
    notification = receipt.notification
    if not (message and verified and conformity and notification):
        return []
    return [
        ("type", notification.msg_method),
        ("id", notification.notify_id),
        ("time", f"{notification.sent_at:%Y-%m-%dT%H:%M:%S}Z"),
        ("topic", case.verdict.topic_arn),
        ("schema", conformity.state),
        ("convention 签名约定", f"{verified.convention} (V1: sign_type not signed; V2: signed)"),
        ("verified by 验签密钥", verified.key),
        ("size 大小", f"{message.size} bytes"),
    ]
