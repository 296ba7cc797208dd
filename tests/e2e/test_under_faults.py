"""The deployed stack while its function is killed and its SNS fails: nothing is lost, nothing is acknowledged early."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

import pytest
from botocore.exceptions import ClientError

from local.alipay import SignedNotification, SimulatedAlipay, deliver
from local.demo import APP
from local.emulator import worker_pids
from local.load import Load, run_load
from local.load_books import Books
from local.messages import ORDER_SETTLE
from local.services import receive
from local.stack import Stack
from tests.e2e.conftest import NewQueue
from tests.support.faulty_sns import Fault, FaultySns

SHORT = 0.0005
"""Of Alipay's schedule: eight deliveries in 44 seconds."""


def test_a_load_is_reconciled_to_the_last_notification(stack: Stack, alipay: SimulatedAlipay) -> None:
    load = Load(notifications=200, senders=6, duplicates=0.3, forgeries=0.2, scale=SHORT, time_limit_s=90)

    result = run_load(stack, alipay, load, app_id=APP, progress=lambda _books: None)

    assert result.reconciliation.promise_kept, result.as_json()
    assert result.reconciliation.received == 200
    assert result.reconciliation.repeated == {}
    answered = {"new: 200", "duplicate: 200", "in flight: 409", "forgery: 400", "forgery: 403"}
    assert set(result.books.statuses) <= answered
    assert len(result.books.seconds["forgery"]) == 40


def test_killed_in_the_middle_of_a_load_it_loses_nothing(stack: Stack, alipay: SimulatedAlipay) -> None:
    load = Load(notifications=200, senders=4, scale=SHORT, time_limit_s=90)
    killer = Killer(stack, every=25, times=7)

    with leases_ended(stack):
        result = run_load(stack, alipay, load, app_id=APP, progress=killer.after_answer)

    assert len(killer.killed) == 7
    assert result.books.seconds["failed"], "no kill struck a delivery"
    assert result.reconciliation.promise_kept, result.as_json()
    assert result.reconciliation.received == 200


class Killer:
    """Kills the oldest of the function's processes whenever so many notifications more have been accepted.

    Never one that is still starting: the emulator then stops all the others, and does not recover when it is slow.
    """

    def __init__(self, stack: Stack, every: int, times: int) -> None:
        self._stack, self._due, self._lock = stack, [every * (time + 1) for time in range(times)], Lock()
        self.killed: set[int] = set()
        for idle in self._workers():  # Those of earlier tests and versions, which this load would never use.
            os.kill(idle, signal.SIGKILL)

    def after_answer(self, books: Books) -> None:
        with self._lock:
            if not self._due or len(books.seconds["new"]) < self._due[0]:
                return
            self._due.pop(0)
            oldest = min(self._workers())
            os.kill(oldest, signal.SIGKILL)
            self.killed.add(oldest)

    def _workers(self) -> list[int]:
        return worker_pids(self._stack.pid, self._stack.outputs["FunctionName"])


@contextmanager
def leases_ended(stack: Stack) -> Iterator[None]:
    """Ends the lease of every claim that is three seconds old, as an operator could: the schedule is too short."""
    ledger, table, over = stack.client("dynamodb"), stack.outputs["LedgerTable"], Event()

    def end_leases() -> None:
        while not over.wait(1):
            old = str(int((time.time() - 3 + 60) * 1000))
            claims = ledger.scan(
                TableName=table,
                FilterExpression="#status = :claimed AND lease_until < :old AND attribute_exists(lease_owner)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":claimed": {"S": "CLAIMED"}, ":old": {"N": old}},
            )["Items"]
            for claim in claims:
                with suppress(ClientError):
                    ledger.update_item(
                        TableName=table,
                        Key={name: claim[name] for name in ("notify_id", "app_id")},
                        UpdateExpression="SET lease_until = :now",
                        ConditionExpression="lease_owner = :owner",
                        ExpressionAttributeValues={":now": {"N": "0"}, ":owner": claim["lease_owner"]},
                    )

    ender = Thread(target=end_leases)
    ender.start()
    try:
        yield
    finally:
        over.set()
        ender.join()


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE], ids=lambda f: f.value)
def test_while_sns_fails_the_answer_is_fail_and_success_after(
    stack: Stack, alipay: SimulatedAlipay, new_queue: NewQueue, sns: FaultySns, fault: Fault
) -> None:
    queue = new_queue(ORDER_SETTLE.msg_method)
    sent = {notification.parameters["notify_id"]: notification for notification in settlements(alipay, 3)}

    sns.fault = fault
    assert answers(stack, list(sent.values())) == [(503, "fail")] * 3
    sns.fault = Fault.NONE
    assert answers(stack, [alipay.retry(notification) for notification in sent.values()]) == [(200, "success")] * 3

    published = {notify_id: sns.published[notify_id] for notify_id in sent}
    received = Counter(json.loads(message["Body"])["id"] for message in receive(stack, queue, sum(published.values())))
    assert received == published
    assert published == {notify_id: 1 + sns.unanswered[notify_id] for notify_id in sent}


def test_a_load_while_sns_fails_now_and_then_loses_nothing(
    stack: Stack, alipay: SimulatedAlipay, sns: FaultySns
) -> None:
    load = Load(notifications=100, senders=4, scale=SHORT, time_limit_s=90)
    faults = [Fault.ERROR, Fault.NONE, Fault.RESET, Fault.LOST, Fault.NONE, Fault.MANGLED]

    def change_fault(books: Books) -> None:
        answered = sum(map(len, books.seconds.values()))
        sns.fault = faults[answered // 10 % len(faults)] if answered < 120 else Fault.NONE

    result = run_load(stack, alipay, load, app_id=APP, progress=change_fault)

    found = result.reconciliation
    assert result.books.seconds["failed"], "no fault struck a delivery"
    assert (found.lost, found.given_up, found.forged_received) == ([], [], [])
    assert found.received == 100
    assert set(found.repeated) == {notify_id for notify_id, times in sns.published.items() if times > 1}
    assert set(found.repeated) <= set(+sns.unanswered)


def settlements(alipay: SimulatedAlipay, number: int) -> list[SignedNotification]:
    return [alipay.notification(app_id=APP, **vars(ORDER_SETTLE)) for _ in range(number)]


def answers(stack: Stack, notifications: Sequence[SignedNotification]) -> list[tuple[int, str]]:
    """All delivered at the same time."""
    with ThreadPoolExecutor(len(notifications)) as senders:
        given = list(senders.map(lambda notification: deliver(stack.gateway_url, notification), notifications))
    return [(answer.status, answer.body) for answer in given]


@pytest.fixture
def sns(deployed_sns: FaultySns) -> FaultySns:
    """Without faults, and with nothing counted yet."""
    deployed_sns.fault = Fault.NONE
    deployed_sns.published.clear()
    deployed_sns.unanswered.clear()
    return deployed_sns


@pytest.fixture(scope="module")
def deployed_sns(stack: Stack) -> Iterator[FaultySns]:
    """In the way of a version of the function of its own, which takes the deliveries while the module lasts."""
    functions, function = stack.client("lambda"), stack.outputs["FunctionName"]
    variables = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    before = functions.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    sns = FaultySns(stack.endpoint)
    with sns.serving() as url:
        functions.update_function_configuration(
            FunctionName=function, Environment={"Variables": variables | {"AWS_ENDPOINT_URL_SNS": url}}
        )
        version = functions.publish_version(FunctionName=function)["Version"]
        functions.update_alias(FunctionName=function, Name="live", FunctionVersion=version)
        try:
            yield sns
        finally:
            functions.update_alias(FunctionName=function, Name="live", FunctionVersion=before)
            functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
