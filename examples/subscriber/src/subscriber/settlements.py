"""What this subscriber does: it adds up what a settlement (分账) moved, for each state. Put your own work here."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from alipay_events import Event
from alipay_events.messages import AlipayTradeOrderSettleNotify


class NotASettlement(ValueError):
    """The topic carries another type than this function knows: subscribe it to settlements."""


def book(event: Event) -> Mapping[str, str]:
    """The settlement's number, and the total of each state in yuan.

    Raises NotASettlement, and NoSchema and Mismatch of alipay_events: money is not guessed at, such a message ends in
    the dead letters.
    """
    message = event.message()
    if not isinstance(message, AlipayTradeOrderSettleNotify):
        raise NotASettlement(f"A {event.type} is no settlement")
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for detail in message.royalty_detail_list:
        totals[detail.state or "UNKNOWN"] += detail.amount or Decimal()
    return {"settle_no": message.settle_no} | {state: str(total) for state, total in totals.items()}
