"""Reads the events that the Alipay notification gateway publishes. The standard library is all it needs.

for event in events_of(lambda_event):
    match event.message():
        case AlipayTradeOrderSettleNotify(settle_no=settle_no, royalty_detail_list=splits): ...
"""

from .errors import Mismatch, NoSchema, NotAnEvent
from .event import Event, events_of, read_event
from .messages import Message

__all__ = ["Event", "Message", "Mismatch", "NoSchema", "NotAnEvent", "events_of", "read_event"]
