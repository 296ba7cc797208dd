"""What the stack tells its operator, as far as the emulator goes: it makes alarms, and evaluates none by itself."""

import json

from local.dashboard import log_lines, widgets_of
from local.dashboard_metrics import Measured, metrics_of
from local.services import receive
from local.stack import Stack
from tests.e2e.conftest import NewQueue


def test_an_alarm_reaches_who_subscribes_to_the_topic_of_alarms(stack: Stack, new_queue: NewQueue) -> None:
    sqs, topic = stack.client("sqs"), stack.outputs["AlarmTopicArn"]
    queue = new_queue("unrouted")
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    stack.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )

    alarm, reason = f"{stack.name}-near-loss", "trying the way of an alarm"
    stack.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason=reason)
    (message,) = receive(stack, queue, 1)
    stack.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="INSUFFICIENT_DATA", StateReason=reason)

    told = json.loads(message["Body"])
    assert (told["AlarmName"], told["NewStateValue"]) == (f"{stack.name}-near-loss", "ALARM")
    assert told["AlarmDescription"].endswith("docs/runbook/near-loss.md")


def test_the_deployed_dashboard_names_real_resources_and_shows_what_was_logged(stack: Stack) -> None:
    stack.client("lambda").invoke(FunctionName=stack.outputs["RedriveFunctionName"])
    metrics = [metric for widget in widgets_of(stack) for metric in metrics_of(widget)]
    measured = Measured(log_lines(stack))

    values = {value for metric in metrics for value in metric.dimensions.values()}
    assert {stack.outputs[name] for name in ("FunctionName", "HttpApiId", "LedgerTable")} <= values
    assert [value for value in values if "${" in value] == []
    (open_claims,) = [metric for metric in metrics if metric.name == "OpenClaims"]
    assert measured.total(open_claims) is not None
