"""The claim and its lease, between two owners."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from moto import mock_aws

from alipay_gateway.errors import InFlight, LedgerUnavailable
from alipay_gateway.ledger import AlreadyPublished, Claim, Ledger
from alipay_gateway.notification import Notification
from tests.support.world import TABLE, aws, make_table

NOTIFICATION = Notification(
    notify_id="n-1",
    app_id="app",
    msg_method="alipay.trade.order.settle.notify",
    version="1.1",
    sent_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
    data="{}",
    data_is_json=True,
)


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Iterator[Ledger]:
    with mock_aws():
        make_table()
        yield Ledger(aws("dynamodb"), TABLE, 30, clock)


def claim(ledger: Ledger, owner: str) -> Claim:
    taken = ledger.claim(NOTIFICATION, "{}", "arn", owner)
    assert isinstance(taken, Claim)
    return taken


def test_a_lease_is_taken_over_once_it_has_ended(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "a")
    with pytest.raises(InFlight):
        claim(ledger, "b")

    clock.now += 60
    assert claim(ledger, "b").attempt == 2


def test_a_holder_that_was_taken_over_does_not_release_its_successors_lease(ledger: Ledger, clock: Clock) -> None:
    slow = claim(ledger, "a")
    clock.now += 60
    claim(ledger, "b")

    with pytest.raises(LedgerUnavailable):
        ledger.release(slow)
    with pytest.raises(InFlight):
        claim(ledger, "c")


def test_a_holder_that_was_taken_over_still_records_its_publish(ledger: Ledger, clock: Clock) -> None:
    slow = claim(ledger, "a")
    clock.now += 60
    claim(ledger, "b")

    ledger.complete(slow, "message-1")
    assert ledger.claim(NOTIFICATION, "{}", "arn", "c") == AlreadyPublished(2, 1_700_000_000_000)


def test_a_release_after_the_publish_was_recorded_changes_nothing(ledger: Ledger) -> None:
    mine = claim(ledger, "a")
    ledger.complete(mine, "message-1")

    with pytest.raises(LedgerUnavailable):
        ledger.release(mine)
    assert isinstance(ledger.claim(NOTIFICATION, "{}", "arn", "b"), AlreadyPublished)


def test_completing_a_record_that_is_gone_does_not_bring_half_of_it_back(ledger: Ledger) -> None:
    mine = claim(ledger, "a")
    aws("dynamodb").delete_item(TableName=TABLE, Key={"notify_id": {"S": "n-1"}, "app_id": {"S": "app"}})

    with pytest.raises(LedgerUnavailable):
        ledger.complete(mine, "message-1")
    assert aws("dynamodb").scan(TableName=TABLE)["Count"] == 0


def test_the_first_receipt_is_remembered_through_takeovers(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "a")
    clock.now += 600
    claim(ledger, "b")

    (item,) = aws("dynamodb").scan(TableName=TABLE)["Items"]
    assert item["first_received_at"] == {"N": "1700000000000"}
    assert item["lease_until"] == {"N": str(1_700_000_660_000)}


def test_a_clock_that_went_back_does_not_let_a_second_owner_in(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "a")
    clock.now -= 3600

    with pytest.raises(InFlight):
        claim(ledger, "b")
