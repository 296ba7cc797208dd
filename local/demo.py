"""`make demo`: deploy the stack to an emulated AWS, play Alipay over HTTP, show what each subscriber received.

The exit status is not zero when anything is not as promised.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from local.alipay import Answer, Convention, Part, SignedNotification, SimulatedAlipay, deliver, generate_aes_key
from local.emulator import CommandFailed
from local.events import MSG_METHODS
from local.messages import OPERATION_RESULT, ORDER_SETTLE, PAYMENT, SHOP_REJECTED
from local.services import Service, receive, subscribe
from local.stack import STATE, Stack, running_stack

APP, OTHER_APP = "2021000000000001", "2021000000000002"
UNKNOWN_METHOD = "alipay.marketing.voucher.used.notify"

ACCOUNTING = Service("accounting", [ORDER_SETTLE.msg_method, PAYMENT.notify_type])
ONBOARDING = Service("onboarding", [SHOP_REJECTED.msg_method])
AGENCY = Service("agency", [OPERATION_RESULT.msg_method], {"data": {"handle_status": ["success"]}})
AUDIT = Service("audit", [*MSG_METHODS, "unrouted"])
SERVICES = (ACCOUNTING, ONBOARDING, AGENCY, AUDIT)


@dataclass(frozen=True)
class Delivery:
    """One thing that Alipay, or somebody else, sends; who must receive it, exactly once."""

    what: str
    how: str
    notification: SignedNotification
    biz_content: str = ""
    receivers: Sequence[Service] = ()
    via: Part = "body"
    answer: tuple[int, str] = (200, "success")

    @property
    def key(self) -> tuple[str, str]:
        """What names a notification: notify_id and app_id."""
        return self.notification.parameters["notify_id"], self.notification.parameters["app_id"]


def deliveries(alipay: SimulatedAlipay, other: SimulatedAlipay) -> list[Delivery]:
    """The programme. `other` is the Alipay of another app, which is in certificate mode."""
    payment = alipay.flat_notification(app_id=APP, **vars(PAYMENT), charset="GBK")
    settle = alipay.notification(app_id=APP, **vars(ORDER_SETTLE), charset="GBK", convention=Convention.V2)
    shop = alipay.notification(app_id=APP, **vars(SHOP_REJECTED))
    operation = alipay.notification(app_id=APP, **vars(OPERATION_RESULT), encrypt=True)
    refused = OPERATION_RESULT.biz_content.replace('"success"', '"no_permission"')
    unwanted = alipay.notification(
        app_id=APP, msg_method=OPERATION_RESULT.msg_method, biz_content=refused, charset="GB2312"
    )
    unknown_content = '{"voucher_id":"2021073000073001","name":"满100减10元券","amount":10.00}'
    unknown = alipay.notification(app_id=APP, msg_method=UNKNOWN_METHOD, biz_content=unknown_content)
    first = alipay.notification(app_id=APP, **vars(SHOP_REJECTED))
    second = other.notification(
        app_id=OTHER_APP, **vars(SHOP_REJECTED), notify_id=first.parameters["notify_id"], charset="GBK"
    )
    forged = settle.with_parameter("biz_content", ORDER_SETTLE.biz_content.replace("10.00", "90.00"))
    forged = forged.with_parameter("notify_id", "f" * 34)
    content = ORDER_SETTLE.biz_content, SHOP_REJECTED.biz_content, OPERATION_RESULT.biz_content
    return [
        Delivery("A settlement", "GBK, V2", settle, content[0], [ACCOUNTING, AUDIT]),
        Delivery("A rejected shop", "UTF-8, V1, in the query", shop, content[1], [ONBOARDING, AUDIT], "query"),
        Delivery("An operation's result", "AES, UTF-8, V1", operation, content[2], [AGENCY, AUDIT]),
        Delivery("A payment (version 1.0)", "flat, GBK, V1", payment, PAYMENT.data, [ACCOUNTING, AUDIT]),
        Delivery("A failed operation", "GB2312, V1", unwanted, refused, [AUDIT]),
        Delivery("The settlement again", "retried", alipay.retry(settle)),
        Delivery("The settlement forged", "10.00 → 90.00", forged, answer=(403, "fail")),
        Delivery("An unknown msg_method", "UTF-8, V1", unknown, unknown_content, [AUDIT]),
        Delivery("A broadcast, app 1", "UTF-8, V1", first, content[1], [ONBOARDING, AUDIT]),
        Delivery("A broadcast, app 2", "GBK, V1, certificate", second, content[1], [ONBOARDING, AUDIT]),
    ]


def play(stack: Stack, console: Console, alipay: SimulatedAlipay, other: SimulatedAlipay) -> list[str]:
    """Runs the programme, shows it, and returns what was not as promised. The keyring knows both apps."""
    queues = {service.name: subscribe(stack, service) for service in SERVICES}
    programme = deliveries(alipay, other)
    answers = [deliver(stack.gateway_url, delivery.notification, via=delivery.via) for delivery in programme]
    console.print(_sent(programme, answers))
    problems = [
        f"{delivery.what}: answered {answer.status} {answer.body}, not {delivery.answer}"
        for delivery, answer in zip(programme, answers, strict=True)
        if (answer.status, answer.body) != delivery.answer
    ]
    received: dict[str, list[str]] = {}
    for service in SERVICES:
        wanted = {d.key: d.biz_content for d in programme if service in d.receivers}
        received[service.name] = [m["Body"] for m in receive(stack, queues[service.name], len(wanted))]
        problems += _differences(service, wanted, received[service.name])
    console.print(_received(programme, received))
    sample = received[ACCOUNTING.name][:1]
    if sample:
        shown = Syntax(sample[0], "json", word_wrap=True, background_color="default")
        console.print(Panel(shown, title="The settlement, as accounting's queue holds it", title_align="left"))
    return problems


def _differences(service: Service, wanted: Mapping[tuple[str, str], str], bodies: Sequence[str]) -> list[str]:
    """What is missing, doubled, uninvited or not to the letter what Alipay wrote."""
    counts = Counter((event["id"], event["appid"]) for event in map(json.loads, bodies))
    problems = [
        f"{service.name} received {key} {counts[key]} times, not {int(key in wanted)}"
        for key in {*counts, *wanted}
        if counts[key] != int(key in wanted)
    ]
    written = list(wanted.values())
    problems += [
        f"{service.name} received other data than Alipay wrote"
        for body in bodies
        if not any(body.endswith(f'"data":{biz_content}}}') for biz_content in written)
    ]
    return problems


def _sent(programme: Sequence[Delivery], answers: Sequence[Answer]) -> Table:
    table = Table(title="What Alipay sent, and what the gateway answered", title_justify="left")
    for column in ("", "sent", "how", "answer", "status"):
        table.add_column(column)
    table.add_column("ms", justify="right")
    for number, (delivery, answer) in enumerate(zip(programme, answers, strict=True), start=1):
        colour = "green" if answer.accepted else "yellow"
        table.add_row(
            str(number),
            delivery.what,
            delivery.how,
            f"[{colour}]{escape(answer.body)}[/]",
            str(answer.status),
            f"{answer.seconds * 1000:.0f}",
        )
    return table


def _received(programme: Sequence[Delivery], received: Mapping[str, Sequence[str]]) -> Table:
    numbers = {delivery.key: n for n, delivery in reversed(list(enumerate(programme, start=1)))}
    table = Table(title="What each subscriber's queue received", title_justify="left")
    for column in ("queue", "", "type", "schema", "data"):
        table.add_column(column, overflow="fold")
    for service in SERVICES:
        events = sorted(
            map(json.loads, received[service.name]), key=lambda event: numbers.get((event["id"], event["appid"]), 0)
        )
        for row, event in enumerate(events):
            label = "" if row else service.name + (" [dim](filtered)[/]" if service.filter_policy else "")
            table.add_row(
                label,
                str(numbers.get((event["id"], event["appid"]), "?")),
                _short(event["type"]),
                event["schema"],
                escape(_gist(event["data"])),
            )
        table.add_section()
    return table


def _short(msg_method: str) -> str:
    """Without what all names begin with: eighty columns are narrow."""
    return msg_method.removeprefix("alipay.").removeprefix("ant.merchant.")


def _gist(data: Mapping[str, Any]) -> str:
    """The telling fields of a message."""
    if details := data.get("royalty_detail_list"):
        return " · ".join(f"{d['amount']:.2f} {d['state']} {d.get('error_desc', '')}".strip() for d in details)
    telling = ("subject", "total_amount", "trade_status", "shop_name", "reason", "handle_status", "name", "merchant_no")
    return " · ".join(str(data[field]) for field in telling if field in data)


def main() -> int:
    """The demo, from nothing to its tables."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print("[bold]The Alipay notification gateway, deployed to an AWS emulated on this machine[/]")
    alipay = SimulatedAlipay.generate(aes_key=generate_aes_key())
    other = SimulatedAlipay.generate().with_certificate()
    try:
        with running_stack(STATE / "demo", console) as stack:
            stack.put_keyring({APP: alipay.keyring_entry(), OTHER_APP: other.keyring_entry()})
            problems = play(stack, console, alipay, other)
    except CommandFailed as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    for problem in problems:
        console.print(f"[red]✗ {escape(problem)}")
    if not problems:
        console.print("[green]✓ Every genuine notification was published once, to the letter; the forgery was not.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
