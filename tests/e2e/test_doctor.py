"""The doctor examines the deployed stack: finds it healthy, finds what is broken, leaves nothing behind."""

import io
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from local.alipay import SimulatedAlipay
from local.demo import APP, OTHER_APP
from local.doctor.command import main
from local.doctor.deployment import Deployment, find
from local.doctor.guest_app import KeyringChanged, guest
from local.doctor.stack_report import examine
from local.emulator import worker_pids
from local.messages import ORDER_SETTLE
from local.stack import Stack
from tests.e2e.conftest import NewQueue

Report = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def _at_the_emulator(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "000000000000")
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def deployment(stack: Stack) -> Deployment:
    return find(stack.name, stack.endpoint)


@pytest.fixture
def report() -> Report:
    """Examines a deployment; returns the exit status and the table."""

    def run(deployment: Deployment, **options: Any) -> tuple[int, str]:
        console = Console(file=io.StringIO(), width=300)
        status = examine(deployment, console, **options)
        assert isinstance(console.file, io.StringIO)
        return status, plain(console.file.getvalue())

    return run


def plain(table: str) -> str:
    """Its rows with one space between words."""
    return "\n".join(" ".join(line.split()) for line in table.splitlines())


def row(table: str, what: str) -> str:
    """The one line of the table about something."""
    (line,) = [line for line in table.splitlines() if what in line]
    return line


def start_cold(stack: Stack) -> None:
    """The function reads its keyring again at once, not within a minute, when it starts anew."""
    for pid in worker_pids(stack.pid, stack.outputs["FunctionName"]):
        os.kill(pid, signal.SIGKILL)


def test_a_healthy_stack_with_a_round_trip(
    stack: Stack, new_queue: NewQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    new_queue(ORDER_SETTLE.msg_method)
    secrets, sns, sqs = stack.client("secretsmanager"), stack.client("sns"), stack.client("sqs")
    before = secrets.get_secret_value(SecretId=stack.outputs["KeyringSecretArn"])
    queues, subscriptions = sqs.list_queues()["QueueUrls"], sns.list_subscriptions()["Subscriptions"]

    start_cold(stack)
    status = main(["stack", "--stack", stack.name, "--endpoint-url", stack.endpoint, "--round-trip"])

    table = plain(capsys.readouterr().out)
    assert status == 0, table
    assert "✓ round trip" in table
    assert "✓ URL" in table
    assert "✓ certificate" in table
    assert f"✓ topic 主题 {ORDER_SETTLE.msg_method}" in table
    assert "✓ TTL" in table
    assert "✓ backlog" in table
    after = secrets.get_secret_value(SecretId=stack.outputs["KeyringSecretArn"])
    assert (after["VersionId"], after["SecretString"]) == (before["VersionId"], before["SecretString"])
    assert sqs.list_queues()["QueueUrls"] == queues
    assert sns.list_subscriptions()["Subscriptions"] == subscriptions


def test_a_keyring_without_a_value_is_found(stack: Stack, deployment: Deployment, report: Report) -> None:
    with new_secret(stack) as empty:
        status, table = report(with_keyring(deployment, empty), with_round_trip=True)

    assert status == 1
    assert "✗ keyring" in table
    assert "put-secret-value" in row(table, "✗ keyring")
    assert "✗ round trip" in table


def test_a_broken_entry_is_found_and_the_others_are_told(
    stack: Stack, deployment: Deployment, report: Report, alipay: SimulatedAlipay, other_alipay: SimulatedAlipay
) -> None:
    private = alipay.private_pem().decode()
    keyring = {
        APP: alipay.keyring_entry(),
        OTHER_APP: other_alipay.with_certificate(days=3).keyring_entry() | {"sign_types": ["RSA"]},
        "2099": {"alipay_public_keys": [private]},
    }
    with new_secret(stack, json.dumps(keyring)) as broken:
        status, table = report(with_keyring(deployment, broken))

    assert status == 1
    assert "holds a private key" in row(table, "app 2099")
    assert "AES keys: 1" in row(table, f"✓ app {APP}")
    assert "SHA-1" in row(table, f"! app {OTHER_APP}")
    assert "expires in" in row(table, "! certificate")
    secrets = [*private.splitlines()[1:-1], alipay.public_key, str(alipay.aes_key)]
    assert [text for text in secrets if text[-24:] in table] == []


def test_a_stuck_claim_and_an_alarm_that_tells_nobody_are_found(
    stack: Stack, deployment: Deployment, report: Report
) -> None:
    dynamodb, cloudwatch = stack.client("dynamodb"), stack.client("cloudwatch")
    key = {"notify_id": {"S": "doctor"}, "app_id": {"S": APP}}
    hour_ago = {"N": str(int(time.time() * 1000) - 3_600_000)}
    alarm = f"{stack.name}-doctor-test"
    stuck = key | {"status": {"S": "CLAIMED"}, "open_shard": {"S": "7"}, "lease_until": hour_ago}
    dynamodb.put_item(TableName=stack.outputs["LedgerTable"], Item=stuck)
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        MetricName="NearLoss",
        Namespace="AlipayGateway",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )
    try:
        status, table = report(deployment)
    finally:
        dynamodb.delete_item(TableName=stack.outputs["LedgerTable"], Key=key)
        cloudwatch.delete_alarms(AlarmNames=[alarm])

    assert status == 1
    assert "30 minutes: 1" in row(table, "✗ backlog")
    assert "tells nobody" in row(table, "! alarm 告警 doctor-test")


def test_what_is_not_there_is_found(deployment: Deployment, report: Report) -> None:
    outputs = {**deployment.outputs, "LedgerTable": "no-such-table"}

    status, table = report(replace(deployment, outputs=outputs), url="http://127.0.0.1:9/")

    assert status == 1
    assert "ResourceNotFoundException" in row(table, "✗ ledger")
    assert "no answer" in row(table, "✗ URL")


def test_a_stack_that_is_not_there_ends_with_two(stack: Stack) -> None:
    assert main(["stack", "--stack", "nobody", "--endpoint-url", stack.endpoint]) == 2


def test_a_request_is_judged_with_the_keyring_of_a_stack(
    stack: Stack, alipay: SimulatedAlipay, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "request").write_bytes(alipay.notification(app_id=APP, **vars(ORDER_SETTLE)).form())

    status = main(["request", str(tmp_path / "request"), "--stack", stack.name, "--endpoint-url", stack.endpoint])

    assert status == 0
    assert stack.outputs["UnroutedTopicArn"].replace("unrouted", "alipay-trade-order") in capsys.readouterr().out


# ---- the guest in the keyring


def test_the_former_version_comes_back_on_an_interrupt(stack: Stack, alipay: SimulatedAlipay) -> None:
    secrets = stack.client("secretsmanager")
    with new_secret(stack, '{"a": 1}', '{"a":  2}') as secret:
        before = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        visit = guest(secrets, secret, "doctor-1", alipay)
        visit.__enter__()
        assert "doctor-1" in secrets.get_secret_value(SecretId=secret)["SecretString"]
        assert visit.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None) is False
        after = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]

        assert secrets.get_secret_value(SecretId=secret)["SecretString"] == '{"a":  2}'
        assert {version: labels for version, labels in after.items() if labels} == before


def test_a_change_by_somebody_else_is_not_overwritten(stack: Stack, alipay: SimulatedAlipay) -> None:
    secrets = stack.client("secretsmanager")
    with new_secret(stack, "{}") as secret:
        visit = guest(secrets, secret, "doctor-1", alipay)
        visit.__enter__()
        secrets.put_secret_value(SecretId=secret, SecretString='{"theirs": 1}')
        with pytest.raises(KeyringChanged, match="doctor-1"):
            visit.__exit__(None, None, None)

        assert secrets.get_secret_value(SecretId=secret)["SecretString"] == '{"theirs": 1}'


@contextmanager
def new_secret(stack: Stack, *values: str) -> Iterator[str]:
    """Another secret in the place of the stack's own, with these values one after the other."""
    secrets = stack.client("secretsmanager")
    arn = secrets.create_secret(Name=f"doctor-{time.monotonic_ns()}")["ARN"]
    for value in values:
        secrets.put_secret_value(SecretId=arn, SecretString=value)
    try:
        yield arn
    finally:
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def with_keyring(deployment: Deployment, secret: str) -> Deployment:
    """The same deployment with another keyring."""
    return replace(deployment, outputs={**deployment.outputs, "KeyringSecretArn": secret})
