"""One SNS topic per msg_method, and a catch-all for the rest."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from .aws import code_of
from .cloudevent import Message
from .errors import PublishFailed

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Topics:
    """Routes and publishes. `arn_prefix` is what stands before `<msg_method with . replaced by ->`."""

    def __init__(self, client: "SNSClient", arn_prefix: str, msg_methods: frozenset[str], unrouted_arn: str) -> None:
        self._client = client
        self._arns = {name: arn_prefix + name.replace(".", "-") for name in msg_methods}
        self._unrouted_arn = unrouted_arn

    def route(self, msg_method: str) -> str:
        """The ARN of the msg_method's topic, or of the catch-all when it has none."""
        return self._arns.get(msg_method, self._unrouted_arn)

    def publish(self, topic_arn: str, message: Message) -> str:
        """Publishes the message and returns SNS's message id. Raises PublishFailed."""
        try:
            return self._client.publish(
                TopicArn=topic_arn,
                Message=message.event,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
                },
            )["MessageId"]
        except (BotoCoreError, ClientError) as error:
            raise PublishFailed(f"SNS did not take the message ({code_of(error)})") from error
