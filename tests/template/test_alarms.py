"""Alarms: what they watch is emitted, they reach somebody, and each has a page that says what to do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alipay_gateway.ledger import LEASE_MS
from alipay_gateway.retries import DELIVERIES_S
from tests.template.conftest import KEY_ARN, ROOT, Expand, Expanded, Json
from tests.template.emitted import NAMESPACE, emitted, reasons

RUNBOOK = ROOT / "docs" / "runbook"
TOPIC = "arn:aws-cn:sns:cn-north-1:111122223333:on-call"


def alarms(stack: Expanded) -> dict[str, Json]:
    """The alarms by what stands after the stack's name in theirs."""
    found = stack.of_type("AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"].removeprefix("alipay-"): alarm for alarm in found}


def dimensions(alarm: Json) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])}


def pages(alarm: Json) -> list[str]:
    return re.findall(r"docs/runbook/([a-z-]+\.md)$", alarm["AlarmDescription"])


def goes_off(alarm: Json, minutes: Iterator[float]) -> float | None:
    """The minute after which the alarm is on, when there is one failure at each of these minutes (ascending)."""
    period = int(alarm["Period"]) / 60
    wanted = int(alarm["DatapointsToAlarm"] if "DatapointsToAlarm" in alarm else alarm["EvaluationPeriods"])
    breaching: list[int] = []
    for minute in minutes:
        if (number := int(minute // period)) not in breaching:
            breaching.append(number)
        recent = [n for n in breaching if n > number - int(alarm["EvaluationPeriods"])]
        if len(recent) >= wanted:
            return (number + 1) * period
    return None


def test_every_alarm_says_what_it_means_what_to_do_first_and_where_more_is_written(stack: Expanded) -> None:
    for name, alarm in alarms(stack).items():
        assert "First: " in alarm["AlarmDescription"], name
        (page,) = pages(alarm)
        assert (RUNBOOK / page).is_file(), name


def test_every_page_of_an_alarm_names_it_and_stands_in_the_index(stack: Expanded) -> None:
    index = (RUNBOOK / "README.md").read_text()
    for name, alarm in alarms(stack).items():
        (page,) = pages(alarm)
        assert f"`<stack>-{name}`" in (RUNBOOK / page).read_text()
        assert f"`{name}`" in index
        assert f"({page})" in index


def test_every_page_stands_in_the_index() -> None:
    index = (RUNBOOK / "README.md").read_text()

    assert set(re.findall(r"\]\(([a-z-]+\.md)\)", index)) == {file.name for file in RUNBOOK.iterdir()} - {"README.md"}


@pytest.mark.parametrize("page", sorted(RUNBOOK.iterdir()), ids=lambda page: page.stem)
def test_what_a_page_asks_for_exists(stack: Expanded, page: Path) -> None:
    text = page.read_text()
    saved = {query["Name"] for query in stack.of_type("AWS::Logs::QueryDefinition").values()}

    assert set(re.findall(r"\$\(output (\w+)\)", text)) <= stack.outputs.keys()
    assert {f"alipay/{name}" for name in re.findall(r"\bquery ([a-z-]+) \d", text)} <= saved
    assert [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not (RUNBOOK / link).exists()] == []


def test_an_alarm_and_its_end_are_told_to_the_topic_of_the_stack(stack: Expanded) -> None:
    for alarm in alarms(stack).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert stack.resources["AlarmTopic"]["Properties"]["TopicName"] == "alipay-alarms"
    assert stack.of_type("AWS::SNS::Subscription") == {}


def test_or_to_a_topic_of_yours(expand: Expand) -> None:
    stack = expand(AlarmTopicArn=TOPIC)

    assert {str(alarm["AlarmActions"]) for alarm in alarms(stack).values()} == {str([TOPIC])}
    assert "AlarmTopic" not in stack.resources
    assert stack.outputs["AlarmTopicArn"]["Value"] == TOPIC


@pytest.mark.parametrize(("given", "topic"), [("", {"Ref": "AlarmTopic"}), (TOPIC, TOPIC)])
def test_a_mail_address_is_subscribed_to_that_topic(expand: Expand, given: str, topic: Any) -> None:
    subscription = expand(AlarmEmail="ops@example.com", AlarmTopicArn=given).one("AWS::SNS::Subscription")

    assert subscription == {"TopicArn": topic, "Protocol": "email", "Endpoint": "ops@example.com"}


def test_alarms_arrive_whatever_the_key_s_policy_says(expand: Expand) -> None:
    assert "KmsMasterKeyId" not in expand(KmsKeyArn=KEY_ARN).resources["AlarmTopic"]["Properties"]


def test_every_metric_of_ours_that_an_alarm_watches_is_emitted_so(stack: Expanded) -> None:
    ours = {name: alarm for name, alarm in alarms(stack).items() if alarm["Namespace"] == NAMESPACE}

    assert len(ours) == 9
    for name, alarm in ours.items():
        assert (alarm["MetricName"], frozenset(dimensions(alarm).items())) in emitted("alipay"), name


def test_the_metric_of_what_did_not_reach_the_function_is_made_of_the_access_log(stack: Expanded) -> None:
    alarm, log_filter = alarms(stack)["not-reached"], stack.one("AWS::Logs::MetricFilter")
    (metric,) = log_filter["MetricTransformations"]

    assert log_filter["LogGroupName"] == {"Ref": "AccessLogGroup"}
    # Of this stack alone, and without a dimension: a stack's name is nowhere in its access log.
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert alarm["Namespace"] == "AlipayGateway/alipay"
    logged = stack.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]
    for field in re.findall(r"\$\.(\w+)", log_filter["FilterPattern"]):
        assert f'"{field}":' in logged


def test_a_refusal_that_can_be_alipay_s_own_has_an_alarm(stack: Expanded) -> None:
    """Not `malformed`, which scanners are, nor `outside_replay_window`, which is signed and old."""
    watched = {dimensions(alarm).get("reason") for alarm in alarms(stack).values()} - {None}

    assert watched == reasons("refused") - {"malformed", "outside_replay_window"}
    assert watched <= alarms(stack).keys()


@pytest.mark.parametrize("name", ["not-published", "not-reached", "throttled"])
def test_a_lasting_fault_goes_off_in_minutes_under_traffic_and_with_the_third_delivery_without(
    stack: Expanded, name: str
) -> None:
    alarm = alarms(stack)[name]

    assert goes_off(alarm, iter([0, 0.5, 1, 1.5, 2, 2.5])) == 3
    assert goes_off(alarm, (seconds / 60 for seconds in DELIVERIES_S)) == 13


@pytest.mark.parametrize("name", ["not-published", "not-reached", "throttled"])
@pytest.mark.parametrize("began", [0, 0.2, 0.9])
def test_what_the_first_retry_heals_wakes_nobody(stack: Expanded, name: str, began: float) -> None:
    """Half a minute in which everything fails."""
    assert goes_off(alarms(stack)[name], iter([began, began + 0.25, began + 0.5])) is None


@pytest.mark.parametrize("began", [0, 1, 2, 3, 4, 4.9])
def test_a_missing_key_goes_off_with_one_notification_alone(stack: Expanded, began: float) -> None:
    off = goes_off(alarms(stack)["bad_signature"], (began + seconds / 60 for seconds in DELIVERIES_S))

    assert off is not None
    assert off <= 30


@pytest.mark.parametrize("began", [0, 2, 4.9])
def test_a_short_burst_of_forgeries_does_not(stack: Expanded, began: float) -> None:
    assert goes_off(alarms(stack)["bad_signature"], (began + second / 60 for second in range(5 * 60))) is None


def test_the_redrive_stands_still_when_no_run_has_told_its_number_for_an_hour(stack: Expanded) -> None:
    alarm = alarms(stack)["redrive-stopped"]

    assert (alarm["Statistic"], alarm["ComparisonOperator"], int(alarm["Threshold"])) == (
        "SampleCount",
        "LessThanThreshold",
        1,
    )
    assert alarm["TreatMissingData"] == "breaching"
    assert int(alarm["Period"]) * int(alarm["EvaluationPeriods"]) == 3600
    (schedule,) = stack.of_type("AWS::Events::Rule").values()
    assert schedule["ScheduleExpression"] == f"rate({int(alarm['Period']) // 60} minutes)"


def test_one_claim_that_stays_open_is_told_though_a_run_finds_it_every_third_time_only(stack: Expanded) -> None:
    alarm = alarms(stack)["open-claims"]
    between_runs = int(alarm["Period"]) / 60

    assert goes_off(alarm, (run * 3 * between_runs for run in range(4))) is not None
    assert goes_off(alarm, iter([0, between_runs])) is None  # two runs' worth of claims, both published
    assert int(alarm["Period"]) * 1000 > LEASE_MS


def test_an_alarm_without_data_is_quiet_except_where_that_is_the_trouble(stack: Expanded) -> None:
    treated = {name: alarm["TreatMissingData"] for name, alarm in alarms(stack).items()}

    assert treated.pop("redrive-stopped") == "breaching"
    assert treated.pop("certificate-expiry") == "ignore"  # measured only when a notification comes
    assert set(treated.values()) == {"notBreaching"}


@pytest.mark.parametrize(
    ("parameter", "value", "accepted"),
    [
        ("AlarmEmail", "", True),
        ("AlarmEmail", "ops+alipay@example.com", True),
        pytest.param("AlarmEmail", "ops", False, id="no mail address"),
        pytest.param("AlarmEmail", "a@example.com b@example.com", False, id="two mail addresses"),
        ("AlarmTopicArn", "", True),
        ("AlarmTopicArn", TOPIC, True),
        pytest.param("AlarmTopicArn", "on-call", False, id="a topic's name"),
        pytest.param("AlarmTopicArn", "arn:aws:sqs:eu-west-1:111122223333:on-call", False, id="a queue"),
    ],
)
def test_a_parameter_s_form_is_checked(source: Json, parameter: str, value: str, *, accepted: bool) -> None:
    assert bool(re.fullmatch(source["Parameters"][parameter]["AllowedPattern"], value)) is accepted
