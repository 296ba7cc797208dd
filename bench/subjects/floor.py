"""The floor: one verification with `cryptography` and the gateway's three AWS calls, botocore set leanly; nothing else.

It parses as little as that needs, and sends what the gateway sends. It has no errors, no logs, no second convention,
no keyring that changes, no charset but UTF-8: not a gateway.
"""

import base64
import json
import os
from time import time
from typing import Any
from urllib.parse import unquote_to_bytes

from botocore.config import Config
from botocore.session import get_session
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_config = Config(user_agent="floor", parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 2})
_session = get_session()
_dynamodb: Any = _session.create_client("dynamodb", config=_config)
_sns: Any = _session.create_client("sns", config=_config)
_padding, _hash = PKCS1v15(), SHA256()
_table, _prefix = os.environ["LEDGER_TABLE"], os.environ["TOPIC_ARN_PREFIX"]
_keys: dict[str, Any] = {}
_EVENT = (
    '{"specversion":"1.0","id":"%(notify_id)s","source":"urn:alipay:app:%(app_id)s","type":"%(msg_method)s",'
    '"time":"2021-07-30T04:00:05.000Z","datacontenttype":"application/json",'
    '"dataschema":"urn:alipay:schema:%(msg_method)s:1","schema":"valid","appid":"%(app_id)s","msgversion":"1.1",'
    '"data":%(biz_content)s}'
)


def _key(app_id: str) -> Any:
    if app_id not in _keys:
        secrets: Any = _session.create_client("secretsmanager", config=_config)
        keyring = json.loads(secrets.get_secret_value(SecretId=os.environ["KEYRING_SECRET_ID"])["SecretString"])
        _keys[app_id] = load_der_public_key(base64.b64decode(keyring[app_id]["alipay_public_keys"][0]))
    return _keys[app_id]


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    pairs = (pair.partition(b"=") for pair in base64.b64decode(event["body"]).replace(b"+", b" ").split(b"&"))
    values = {name: unquote_to_bytes(value) for name, _, value in pairs}
    signed = sorted(item for item in values.items() if item[0] not in (b"sign", b"sign_type"))
    content = b"&".join(name + b"=" + value for name, value in signed)
    try:
        _key(values[b"app_id"].decode()).verify(base64.b64decode(values[b"sign"]), content, _padding, _hash)
    except InvalidSignature:
        return {"statusCode": 403, "body": "fail"}
    texts = {name.decode(): value.decode() for name, value in values.items()}
    message = _EVENT % texts
    key = {"notify_id": {"S": texts["notify_id"]}, "app_id": {"S": texts["app_id"]}}
    now = str(int(time() * 1000))
    try:
        _dynamodb.update_item(TableName=_table, Key=key, **_claim(texts, message, now))
    except _dynamodb.exceptions.ConditionalCheckFailedException:
        return {"statusCode": 200, "body": "success"}
    topic_arn = _prefix + texts["msg_method"].replace(".", "-")
    attributes = {name: texts[name] for name in ("notify_id", "app_id", "msg_method", "version")} | {"schema": "valid"}
    message_id = _sns.publish(
        TopicArn=topic_arn,
        Message=message,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )["MessageId"]
    _dynamodb.update_item(TableName=_table, Key=key, **_complete(message_id, now))
    return {"statusCode": 200, "body": "success"}


def _claim(texts: dict[str, str], message: str, now: str) -> dict[str, Any]:
    return {
        "ConditionExpression": "attribute_not_exists(notify_id) OR (#status = :claimed AND lease_until <= :now)",
        "UpdateExpression": "SET #status = :claimed, lease_until = :lease_until, lease_owner = :owner,"
        " attempts = if_not_exists(attempts, :zero) + :one,"
        " first_received_at = if_not_exists(first_received_at, :now),"
        " msg_method = :msg_method, topic_arn = :topic_arn, event = :event, expires_at = :expires_at,"
        " open_shard = :shard",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":claimed": {"S": "CLAIMED"},
            ":now": {"N": now},
            ":lease_until": {"N": now},
            ":owner": {"S": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
            ":zero": {"N": "0"},
            ":one": {"N": "1"},
            ":msg_method": {"S": texts["msg_method"]},
            ":topic_arn": {"S": _prefix + texts["msg_method"].replace(".", "-")},
            ":event": {"S": message},
            ":expires_at": {"N": now},
            ":shard": {"S": "7"},
        },
        "ReturnValues": "ALL_OLD",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _complete(message_id: str, now: str) -> dict[str, Any]:
    return {
        "ConditionExpression": "attribute_exists(notify_id)",
        "UpdateExpression": "SET #status = :published, published_at = :now, message_id = :message_id"
        " REMOVE lease_until, lease_owner, open_shard",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":published": {"S": "PUBLISHED"},
            ":now": {"N": now},
            ":message_id": {"S": message_id},
        },
    }
