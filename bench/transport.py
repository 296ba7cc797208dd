"""AWS, answered below botocore: what it serialises and signs counts, the network does not.

`duplicates` has the ledger say that every notification was published before.
"""

import json
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

_PUBLISHED = (
    b"<PublishResponse xmlns='http://sns.amazonaws.com/doc/2010-03-31/'><PublishResult><MessageId>"
    b"94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata><RequestId>"
    b"f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata></PublishResponse>"
)
_CONFLICT: dict[str, Any] = {
    "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    "message": "The conditional request failed",
    "Item": {
        # The ledger's record of the gateway …
        "attempts": {"N": "1"},
        "first_received_at": {"N": "1627617605000"},
        # … and that of Powertools; `status` names both states that end a notification.
        "id": {"S": "publish#0"},
        "data": {"S": '"94f20ce6-13c5-43a0-9a9e-ca52d816e90b"'},
        "expiration": {"N": "99999999999"},
    },
}


def install(secret: str, done: str, *, duplicates: bool = False) -> None:
    """Answers every call from now on. `secret` is the keyring, `done` the status of a finished record."""
    conflict = {**_CONFLICT, "Item": {**_CONFLICT["Item"], "status": {"S": done}}}
    refused = json.dumps(conflict).encode()
    keyring = json.dumps({"ARN": "arn", "Name": "keyring", "SecretString": secret}).encode()

    def send(_self: object, request: Any) -> AWSResponse:
        url, headers, body = request.url, request.headers, request.body
        if "sns" in url:
            return _answer(url, 200, "text/xml", _PUBLISHED)
        if "secretsmanager" in url:
            return _answer(url, 200, "application/x-amz-json-1.1", keyring)
        if duplicates and (b"PutItem" in headers["X-Amz-Target"] or b"attribute_not_exists" in body):
            return _answer(url, 400, "application/x-amz-json-1.0", refused)
        return _answer(url, 200, "application/x-amz-json-1.0", b"{}")

    URLLib3Session.send = send  # type: ignore[method-assign,assignment]


def _answer(url: str, status: int, content_type: str, body: bytes) -> AWSResponse:
    headers: Any = {"content-type": content_type, "content-length": str(len(body))}
    response: Any = AWSResponse(url, status, headers, None)
    response._content = body  # noqa: SLF001
    return response  # type: ignore[no-any-return]
