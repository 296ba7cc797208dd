"""What can happen to one attempt of an AWS call."""

import json
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

Key = tuple[str, str]
"""notify_id and app_id."""


class ProcessDied(BaseException):
    """Lambda has killed the process: no line of the function's runs any more."""


class Mishap(StrEnum):
    """What happens to an attempt; only the last three let it have its effect."""

    REFUSED = "no connection"
    THROTTLED = "throttled"
    BROKEN = "an internal error"
    DENIED = "access denied"
    DIES_BEFORE = "the process dies before it"
    DIES_AFTER = "the process dies after it"
    LOST = "the answer is lost"
    SLOW = "slow"


SECONDS = {Mishap.REFUSED: 1.0, Mishap.LOST: 2.0, Mishap.SLOW: 11.0}
"""How long a mishap takes: the time-outs of the client; and so long that little is left of the function's 25 s."""

_ERRORS = {
    Mishap.THROTTLED: (400, "ThrottlingException"),
    Mishap.BROKEN: (500, "InternalServerError"),
    Mishap.DENIED: (400, "AccessDeniedException"),
}


def error_answer(mishap: Mishap, event_name: str, url: str) -> AWSResponse | None:
    """AWS's own error answer, in the service's protocol; None for a mishap that is none."""
    if mishap not in _ERRORS:
        return None
    status, code = _ERRORS[mishap]
    body = json.dumps({"__type": code, "message": mishap})
    if ".sns." in event_name:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{mishap}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"
    return AWSResponse(url, status, HTTPHeaders(), MockRawResponse(body))


def call_of(event_name: str, request: Any) -> tuple[str, Key | None, str]:
    """What the function is about to do, to which notification, and the event where it publishes one.

    `keyring`, `claim` (a take-over by the redrive too), `publish`, `complete`, `release`, `search`.
    """
    operation = event_name.rpartition(".")[2]
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    if operation == "Publish":
        event = parse_qs(body)["Message"][0]
        attributes = json.loads(event)
        return "publish", (attributes["id"], attributes["appid"]), event
    if operation == "UpdateItem":
        update = json.loads(body)
        key = update["Key"]["notify_id"]["S"], update["Key"]["app_id"]["S"]
        values = update["ExpressionAttributeValues"]
        if {"S": "PUBLISHED"} in values.values():
            return "complete", key, ""
        return ("claim" if ":lease_until" in values else "release"), key, ""
    return {"GetSecretValue": "keyring", "Query": "search"}[operation], None, ""
