"""One SNS topic per msg_method, and a catch-all for the rest."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from .aws import code_of
from .errors import MessageTooLarge, PublishFailed
from .notification import Notification

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

MAX_MESSAGE_BYTES = 256 * 1024
"""SNS's limit: the message and its attributes (names, types and values) together."""


class Topics:
    """Routes and publishes. `arn_prefix` is what stands before `<msg_method with . replaced by ->`."""

    def __init__(self, client: "SNSClient", arn_prefix: str, msg_methods: frozenset[str], unrouted_arn: str) -> None:
        self._client = client
        self._arns = {name: arn_prefix + name.replace(".", "-") for name in msg_methods}
        self._unrouted_arn = unrouted_arn

    def route(self, msg_method: str) -> str:
        """The ARN of the msg_method's topic, or of the catch-all when it has none."""
        return self._arns.get(msg_method, self._unrouted_arn)

    def publish(self, topic_arn: str, notification: Notification, event: str) -> str:
        """Publishes the event and returns SNS's message id. Raises PublishFailed."""
        try:
            return self._client.publish(
                TopicArn=topic_arn,
                Message=event,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in message_attributes(notification).items()
                },
            )["MessageId"]
        except (BotoCoreError, ClientError) as error:
            raise PublishFailed(f"SNS did not take the message ({code_of(error)})") from error


def message_attributes(notification: Notification) -> dict[str, str]:
    """What subscribers can filter on without reading the message. SNS takes no empty values."""
    attributes = {
        "notify_id": notification.notify_id,
        "app_id": notification.app_id,
        "msg_method": notification.msg_method,
        "version": notification.version,
        "msg_type": notification.msg_type,
        "msg_uid": notification.msg_uid,
        "msg_app_id": notification.msg_app_id,
    }
    return {name: value for name, value in attributes.items() if value}


def check_size(notification: Notification, event: str) -> None:
    """Raises MessageTooLarge when SNS would refuse the event for its size."""
    attributes = message_attributes(notification)
    size = len(event.encode()) + sum(len((name + "String" + value).encode()) for name, value in attributes.items())
    if size > MAX_MESSAGE_BYTES:
        raise MessageTooLarge(f"The event has {size} bytes, SNS takes {MAX_MESSAGE_BYTES}")
