"""Notification to the published message: CloudEvents 1.0, structured JSON.

The JSON is put together from text, not from parsed values: `data` is what Alipay wrote, every number, escape and
space of it. A parser in between would turn 10.00 into 10.0.
"""

from .notification import Notification
from .text import to_json


def to_cloudevent(notification: Notification) -> str:
    """The event as JSON text. `time` is when Alipay sent it, UTC, RFC 3339, to the millisecond."""
    attributes = {
        "specversion": "1.0",
        "id": notification.notify_id,
        "source": f"urn:alipay:app:{notification.app_id}",
        "type": notification.msg_method,
        "time": notification.sent_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json" if notification.data_is_json else "text/plain",
        "appid": notification.app_id,
        "msgversion": notification.version,
        "msgtype": notification.msg_type,
        "msguid": notification.msg_uid,
        "msgappid": notification.msg_app_id,
        "authappid": notification.auth_app_id,
        "notifytype": notification.notify_type,
    }
    members = [f'"{name}":{to_json(value)}' for name, value in attributes.items() if value]
    event = "{" + ",".join(members) + ',"data":' + notification.data + "}"
    # SQS takes neither of these two characters; they can only stand in JSON strings, where an escape means the same.
    return event.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
