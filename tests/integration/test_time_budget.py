"""The function answers before its own time-out, whatever AWS does: measured against sockets that never answer."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.session import get_session

from alipay_gateway.aws import CALL_MS, CLIENT_CONFIG


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes every connection and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_call_to_an_aws_that_never_answers_ends_within_its_budget(silent_server: str) -> None:
    client: Any = get_session().create_client("sns", config=CLIENT_CONFIG, endpoint_url=silent_server)
    began = time.monotonic()

    with pytest.raises(ReadTimeoutError):
        client.publish(TopicArn="arn:aws:sns:us-east-1:123456789012:topic", Message="{}")

    assert (time.monotonic() - began) * 1000 < CALL_MS
