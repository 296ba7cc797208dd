"""The example's template: who may send to its queues, what its role may do, where what fails ends, and who is told."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.template.conftest import KEY_ARN, ROOT, Expand, Expanded, Json, expander, parse

EXAMPLE = ROOT / "examples" / "subscriber"
OWN_TOPIC = "arn:aws:sns:eu-west-1:111122223333:alipay-gateway-alipay-trade-order-settle-notify"
QUEUES = ["DeadLetters", "Queue", "Undelivered"]
DAY = 86_400


def arn_of(logical_id: str) -> Json:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


@pytest.fixture(scope="module")
def expand() -> Expand:
    return expander(EXAMPLE / "template.yaml")


@pytest.fixture(scope="module")
def stack(expand: Expand) -> Expanded:
    return expand()


@pytest.fixture(scope="module")
def source() -> Json:
    return parse(EXAMPLE / "template.yaml")


def queue_statements(stack: Expanded, queue: str) -> list[Json]:
    policies = stack.of_type("AWS::SQS::QueuePolicy").values()
    return [s for p in policies if p["Queues"] == [{"Ref": queue}] for s in p["PolicyDocument"]["Statement"]]


def test_sam_finds_nothing_to_complain_about() -> None:
    sam = str(Path(sys.executable).with_name("sam"))
    env = {**os.environ, "AWS_DEFAULT_REGION": "eu-west-1", "SAM_CLI_TELEMETRY": "0"}

    command = [sam, "validate", "--lint"]
    result = subprocess.run(command, cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False)  # noqa: S603  no input from outside

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_parameter_and_output_is_described_and_has_a_default(source: Json) -> None:
    for described in (source["Parameters"], source["Outputs"]):
        assert [name for name, definition in described.items() if not definition.get("Description")] == []
    assert [name for name, definition in source["Parameters"].items() if "Default" not in definition] == []


def test_its_readme_lists_every_parameter_with_its_default(source: Json) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S*) ?\|", (EXAMPLE / "README.md").read_text(), re.MULTILINE)

    listed = {name: default.strip("`") for name, default in rows}
    assert listed == {name: str(parameter["Default"]) for name, parameter in source["Parameters"].items()}


@pytest.mark.parametrize(
    ("parameters", "topic"),
    [
        pytest.param({}, OWN_TOPIC, id="own account"),
        pytest.param(
            {"GatewayAccount": "444455556666"}, OWN_TOPIC.replace("111122223333", "444455556666"), id="another account"
        ),
        pytest.param(
            {"GatewayStack": "alipay-gateway-prod", "MsgMethod": "trade_status_sync"},
            "arn:aws:sns:eu-west-1:111122223333:alipay-gateway-prod-trade_status_sync",
            id="another stack and message",
        ),
        pytest.param(
            {"partition": "aws-cn", "region": "cn-north-1"},
            OWN_TOPIC.replace("arn:aws:sns:eu-west-1", "arn:aws-cn:sns:cn-north-1"),
            id="China",
        ),
    ],
)
def test_it_subscribes_to_the_topic_that_the_gateway_makes_and_lets_no_other_in(
    expand: Expand, parameters: dict[str, str], topic: str
) -> None:
    stack = expand(**parameters)

    assert stack.one("AWS::SNS::Subscription")["TopicArn"] == topic
    assert stack.outputs["TopicArn"]["Value"] == topic
    for queue in ("Queue", "Undelivered"):
        allowed = [s for s in queue_statements(stack, queue) if s["Effect"] == "Allow"]
        assert allowed == [
            {
                "Sid": "TopicMaySend",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn_of(queue),
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ]
    assert [s for s in queue_statements(stack, "DeadLetters") if s["Effect"] == "Allow"] == []


@pytest.mark.parametrize("queue", QUEUES)
def test_no_queue_is_reached_without_tls(stack: Expanded, queue: str) -> None:
    (denied,) = [s for s in queue_statements(stack, queue) if s["Effect"] == "Deny"]

    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (denied["Principal"], denied["Action"], denied["Resource"]) == ("*", "sqs:*", arn_of(queue))


def test_it_gets_the_bare_event_and_all_of_them_unless_it_filters(stack: Expanded) -> None:
    subscription = stack.one("AWS::SNS::Subscription")

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("sqs", arn_of("Queue"))
    assert subscription["RawMessageDelivery"] is True
    assert subscription.keys().isdisjoint({"FilterPolicy", "FilterPolicyScope"})


def test_a_filter_is_on_the_event_itself(expand: Expand) -> None:
    policy = json.dumps({"data": {"handle_status": ["success"]}})

    subscription = expand(FilterPolicy=policy).one("AWS::SNS::Subscription")

    assert (subscription["FilterPolicy"], subscription["FilterPolicyScope"]) == (policy, "MessageBody")


def test_it_subscribes_when_its_queues_are_open(stack: Expanded) -> None:
    assert stack.resources["Subscription"]["DependsOn"] == ["QueuePolicy", "UndeliveredPolicy"]


def test_what_cannot_be_handled_or_delivered_is_kept_for_two_weeks(expand: Expand) -> None:
    stack = expand(MaxReceiveCount="3")
    queues = stack.of_type("AWS::SQS::Queue")

    for queue in ("Queue", "Undelivered"):
        redrive = queues[queue]["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == arn_of("DeadLetters")
        assert int(redrive["maxReceiveCount"]) == 3
    assert stack.one("AWS::SNS::Subscription")["RedrivePolicy"] == {"deadLetterTargetArn": arn_of("Undelivered")}
    days = {name: queue["MessageRetentionPeriod"] / DAY for name, queue in queues.items()}
    # A dead letter's time counts from its first arrival: a week is left to one that waited as long as it could.
    assert days == {"DeadLetters": 14, "Undelivered": 14, "Queue": 7}


def test_a_message_stays_hidden_while_lambda_may_still_work_on_it(stack: Expanded) -> None:
    function = stack.one("AWS::Lambda::Function")

    for queue in ("Queue", "Undelivered"):
        assert stack.of_type("AWS::SQS::Queue")[queue]["VisibilityTimeout"] >= 6 * function["Timeout"]


def mappings(stack: Expanded) -> dict[str, Json]:
    """The event source mappings by their queue."""
    found = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    return {mapping["EventSourceArn"]["Fn::GetAtt"][0]: mapping for mapping in found}


def test_a_batch_can_fail_in_part_and_only_so_many_run_at_once(stack: Expanded) -> None:
    assert mappings(stack).keys() == {"Queue", "Undelivered"}
    for mapping in mappings(stack).values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    concurrency = {queue: m["ScalingConfig"]["MaximumConcurrency"] for queue, m in mappings(stack).items()}
    assert concurrency == {"Queue": 10, "Undelivered": 2}


@pytest.mark.parametrize(("told", "enabled"), [("false", False), ("true", True)])
def test_what_sns_could_not_deliver_is_handled_when_told(expand: Expand, told: str, *, enabled: bool) -> None:
    found = mappings(expand(HandleUndelivered=told))

    assert found["Undelivered"]["Enabled"] is enabled
    assert found["Queue"].get("Enabled", True) is True


def test_the_role_may_do_what_the_function_does_and_nothing_else(stack: Expanded) -> None:
    granted = {
        (action, resource["Fn::GetAtt"][0])
        for s in stack.statements("SubscriberRole")
        for action in s["Action"]
        for resource in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])
    }

    receive = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    assert granted == {
        *((f"logs:{action}", "LogGroup") for action in ("CreateLogStream", "PutLogEvents")),
        *((action, queue) for action in receive for queue in ("Queue", "Undelivered")),
        *((f"dynamodb:{action}Item", "IdempotencyTable") for action in ("Get", "Put", "Update", "Delete")),
    }
    assert list(stack.of_type("AWS::IAM::Role")) == ["SubscriberRole"]
    assert stack.one("AWS::Lambda::Function")["Role"] == arn_of("SubscriberRole")


@pytest.mark.parametrize(("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1")])
def test_with_a_key_the_queues_are_encrypted_with_it_and_the_role_may_decrypt_their_messages(
    expand: Expand, partition: str, region: str
) -> None:
    key = KEY_ARN.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region)
    stack = expand(QueueKmsKeyArn=key, partition=partition, region=region)

    assert {queue.get("KmsMasterKeyId") for queue in stack.of_type("AWS::SQS::Queue").values()} == {key}
    assert [s for s in stack.statements("SubscriberRole") if "kms" in str(s)] == [
        {
            "Sid": "DecryptMessages",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": key,
            "Condition": {"StringEquals": {"kms:ViaService": f"sqs.{region}.amazonaws.com"}},
        }
    ]


def test_without_a_key_sqs_encrypts_the_queues_itself(stack: Expanded) -> None:
    for queue in stack.of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in queue


def test_dead_letters_undelivered_messages_and_a_backlog_raise_an_alarm(expand: Expand) -> None:
    told = "arn:aws:sns:eu-west-1:111122223333:on-call"
    alarms = expand(AlarmTopicArn=told, BacklogSeconds="600").of_type("AWS::CloudWatch::Alarm")

    watched = {
        name: (alarm["MetricName"], alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0], int(alarm["Threshold"]))
        for name, alarm in alarms.items()
    }
    assert watched == {
        "DeadLettersAlarm": ("ApproximateNumberOfMessagesVisible", "DeadLetters", 0),
        "UndeliveredAlarm": ("ApproximateNumberOfMessagesVisible", "Undelivered", 0),
        "BacklogAlarm": ("ApproximateAgeOfOldestMessage", "Queue", 600),
    }
    for alarm in alarms.values():
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert (alarm["AlarmActions"], alarm["OKActions"]) == ([told], [told])


def test_an_alarm_without_a_topic_only_shows(stack: Expanded) -> None:
    assert [a["AlarmActions"] for a in stack.of_type("AWS::CloudWatch::Alarm").values()] == [[]] * 3


def test_the_function_is_told_what_it_reads(expand: Expand) -> None:
    environment = expand(HandleReplaysAgain="true", RememberDays="45").one("AWS::Lambda::Function")["Environment"]

    variables: dict[str, Any] = environment["Variables"]
    read = re.findall(r'os\.environ\["(\w+)"\]', (EXAMPLE / "src" / "subscriber" / "app.py").read_text())
    assert {name for name in variables if not name.startswith("POWERTOOLS_")} == set(read)
    assert (variables["HANDLE_REPLAYS_AGAIN"], int(variables["REMEMBER_DAYS"])) == ("true", 45)


def test_what_it_remembers_it_forgets_in_time(stack: Expanded) -> None:
    table = stack.one("AWS::DynamoDB::Table")

    # The names that Powertools gives them.
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}


def test_it_remembers_longer_than_a_notification_can_be_on_its_way(source: Json) -> None:
    gateways_retention = parse(ROOT / "template.yaml")["Parameters"]["RetentionDays"]["Default"]
    sns_retries, in_the_queue, in_a_dead_letter_queue = 23, 7, 14

    days = gateways_retention + sns_retries + in_the_queue + in_a_dead_letter_queue
    assert source["Parameters"]["RememberDays"]["Default"] > days


def test_no_partition_is_written_out() -> None:
    assert re.findall(r"arn:aws[\w-]*", (EXAMPLE / "template.yaml").read_text()) == []


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_one_build_runs_on_both_architectures(expand: Expand, architecture: str) -> None:
    """Since it takes packages of pure Python only."""
    command = ["make", "--dry-run", "build-Subscriber", "ARTIFACTS_DIR=artifacts"]

    commands = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=True).stdout  # noqa: S603  as above

    assert "--platform any" in commands
    assert "--require-hashes" in commands
    assert expand(Architecture=architecture).one("AWS::Lambda::Function")["Architectures"] == [architecture]


def test_every_third_party_package_is_pinned_and_hashed() -> None:
    text = (EXAMPLE / "requirements.txt").read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]

    assert len(requirements) >= 2
    assert [line for line in requirements if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:", line)] == []
