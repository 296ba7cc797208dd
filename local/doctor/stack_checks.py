"""Whether the resources of a stack are there and as they should be."""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from alipay_gateway.records import Records
from alipay_gateway.redrive import PATIENCE_MS
from local.doctor.deployment import Deployment
from local.doctor.rows import Row, ok, problem, warning

OUTPUTS = (
    "GatewayUrl HttpApiId FunctionName RedriveFunctionName ReplayFunctionName KeyringSecretArn LedgerTable "
    "UnroutedTopicArn"
).split()
_COUNTED = 1000


def outputs(deployment: Deployment) -> Iterator[Row]:
    """What the other checks stand on."""
    missing = [name for name in OUTPUTS if name not in deployment.outputs]
    deploy = "Deploy the stack again: sam build && sam deploy. 重新部署。"
    if missing:
        yield problem("stack 栈", f"{deployment.status}, without the outputs {', '.join(missing)}", deploy)
    elif "FAILED" in deployment.status or "ROLLBACK" in deployment.status:
        yield warning("stack 栈", deployment.status, deploy)
    else:
        yield ok("stack 栈", deployment.status)


def topics(deployment: Deployment) -> Iterator[Row]:
    """Each topic exists, and somebody listens."""
    sns, stores = deployment.client("sns"), deployment.stores()
    arns = {name: stores.topic_arn_prefix + name.replace(".", "-") for name in sorted(stores.msg_methods)}
    for name, arn in {**arns, "unrouted": stores.unrouted_topic_arn}.items():
        what = f"topic 主题 {name}"
        try:
            pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
            subscriptions = [each for page in pages for each in page["Subscriptions"]]
        except sns.exceptions.NotFoundException:
            yield problem(what, "There is no such topic", "Deploy the stack again. 重新部署。")
            continue
        pending = sum(each["SubscriptionArn"] == "PendingConfirmation" for each in subscriptions)
        if not subscriptions:
            yield warning(
                what,
                "no subscriptions",
                "What is published here reaches nobody: subscribe a queue. 无人订阅,消息无人接收。",
            )
        elif pending:
            yield warning(what, f"{pending} of {len(subscriptions)} not confirmed", "Confirm them. 请确认订阅。")
        else:
            yield ok(what, f"subscriptions: {len(subscriptions)}")


def ledger(deployment: Deployment) -> Iterator[Row]:
    """The table, the expiry of its records, its backups."""
    dynamodb, table = deployment.client("dynamodb"), deployment.outputs["LedgerTable"]
    again = "Deploy the stack again; somebody changed the table. 表被改动过,请重新部署。"
    status = dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
    yield ok("ledger 台账", status) if status == "ACTIVE" else problem("ledger 台账", status, again)
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED")
    if ttl.get("AttributeName") == "expires_at" and ttl["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
        yield ok("  TTL 过期", "expires_at")
    else:
        yield problem("  TTL 过期", ttl["TimeToLiveStatus"], again)
    if recovery == "ENABLED":
        yield ok("  PITR 时间点恢复", recovery)
    else:
        yield warning("  PITR 时间点恢复", recovery, again)


def backlog(deployment: Deployment) -> Iterator[Row]:
    """The claims that the redrive should have published by now."""
    records = Records(deployment.client("dynamodb"), deployment.outputs["LedgerTable"], time.time)
    stuck = sum(1 for _ in islice(records.open_claims(int(time.time() * 1000) - PATIENCE_MS), _COUNTED))
    if not stuck:
        yield ok("backlog 积压", "no open claims older than 30 minutes")
        return
    count = f"open claims older than 30 minutes: {stuck}{' or more' if stuck == _COUNTED else ''}"
    log = f"See why in the log /aws/lambda/{deployment.name}; the redrive tries again every 15 minutes."
    yield problem("backlog 积压", count, f"{log} 查看日志中的原因;每 15 分钟自动重试。")


def alarms(deployment: Deployment) -> Iterator[Row]:
    """Somebody is told when something goes wrong."""
    pages = deployment.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=deployment.name)
    found = [alarm for page in pages for alarm in page.get("MetricAlarms", [])]
    if not found:
        yield warning("alarms 告警", "none", "Deploy the alarms, or make some of your own. 没有告警,请部署或自建。")
    yield from (_alarm(alarm, deployment.name) for alarm in found)
    actions = {arn for alarm in found for arn in alarm.get("AlarmActions", []) if ":sns:" in arn}
    for arn in sorted(actions):
        yield _listeners(deployment.client("sns"), arn)


def _alarm(alarm: Mapping[str, Any], stack: str) -> Row:
    what = f"alarm 告警 {alarm['AlarmName'].removeprefix(stack).lstrip('-')}"
    if alarm["StateValue"] == "ALARM":
        return problem(what, "in ALARM", "See what it watches. 正在告警,请查看。")
    if not alarm.get("AlarmActions") or not alarm.get("ActionsEnabled", True):
        return warning(what, "tells nobody", "Give it an action, an SNS topic for example. 没有通知目标,请设置。")
    return ok(what, alarm["StateValue"])


def _listeners(sns: Any, topic_arn: str) -> Row:
    what = f"  alarm topic 告警主题 {topic_arn.rpartition(':')[2]}"
    try:
        listeners = sns.list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
    except sns.exceptions.NotFoundException:
        return problem(what, "There is no such topic", "Name another one. 主题不存在,请更换。")
    if not listeners:
        return warning(what, "no subscriptions", "Subscribe somebody who is to be told. 无人订阅,请订阅。")
    return ok(what, f"subscriptions: {len(listeners)}")
