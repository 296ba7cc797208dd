"""What a competent team writes in an afternoon: Powertools for everything that it offers, python-alipay-sdk, boto3.

Idempotency on notify_id, keys out of Secrets Manager, routing, logs and metrics, one SNS topic per msg_method.
"""

import json
import os
from typing import Any
from urllib.parse import parse_qsl

import boto3
from alipay import AliPay  # type: ignore[import-not-found]
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

logger = Logger()
metrics = Metrics(namespace="DIY")
app = APIGatewayHttpResolver()
sns = boto3.client("sns")
persistence = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE"], key_attr="id")
config = IdempotencyConfig(expires_after_seconds=2 * 86400, use_local_cache=False)

# The SDK wants the application's own key too, though verifying does not need it.
APP_PRIVATE_KEY = os.environ["DIY_APP_PRIVATE_KEY"]
clients: dict[str, AliPay] = {}


def alipay_of(app_id: str) -> AliPay:
    if app_id not in clients:
        keyring = parameters.get_secret(os.environ["KEYRING_SECRET_ID"], max_age=300, transform="json")
        one_line = keyring[app_id]["alipay_public_keys"][0]
        pem = f"-----BEGIN PUBLIC KEY-----\n{one_line}\n-----END PUBLIC KEY-----"
        clients[app_id] = AliPay(
            appid=app_id,
            app_notify_url=None,
            app_private_key_string=APP_PRIVATE_KEY,
            alipay_public_key_string=pem,
            sign_type="RSA2",
        )
    return clients[app_id]


@idempotent_function(data_keyword_argument="notify_id", persistence_store=persistence, config=config)  # type: ignore[untyped-decorator]
def publish(*, notify_id: str, notification: dict[str, str]) -> str:
    method = notification["msg_method"]
    logger.debug("Publishing", extra={"notify_id": notify_id})
    answer = sns.publish(
        TopicArn=os.environ["TOPIC_ARN_PREFIX"] + method.replace(".", "-"),
        Message=json.dumps({**notification, "biz_content": json.loads(notification["biz_content"])}),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": notification[name]}
            for name in ("notify_id", "app_id", "msg_method", "version")
        },
    )
    message_id: str = answer["MessageId"]
    return message_id


@app.post("/alipay/notify")
def notify() -> Response[str]:
    notification = dict(parse_qsl(app.current_event.decoded_body, keep_blank_values=True))
    names = {name: notification.get(name) for name in ("notify_id", "app_id", "msg_method")}
    signature = notification.pop("sign", "")
    if not alipay_of(notification["app_id"]).verify(notification, signature):
        logger.warning("Bad signature", extra=names)
        metrics.add_metric("Refused", MetricUnit.Count, 1)
        return Response(403, content_type="text/plain", body="fail")
    config.register_lambda_context(app.lambda_context)
    publish(notify_id=notification["notify_id"], notification=notification)
    logger.info("Accepted", extra=names)
    metrics.add_metric("Accepted", MetricUnit.Count, 1)
    return Response(200, content_type="text/plain", body="success")


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
