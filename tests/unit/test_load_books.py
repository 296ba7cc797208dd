"""The load's reconciliation finds what is lost, forged, given up or repeated."""

import json
from collections.abc import Callable

import pytest

from local.alipay import Answer, SimulatedAlipay
from local.load_books import Books, Reconciliation
from local.load_plan import Delivery, Programme

SUCCESS, FAIL, DIED = Answer(200, "success", 0.1), Answer(403, "fail", 0.1), Answer(502, "", 0.1)
FIRST, SECOND, FORGED = Delivery("genuine", 0), Delivery("genuine", 1), Delivery("forged", 0)


@pytest.fixture
def programme(alipay: SimulatedAlipay) -> Programme:
    return Programme(alipay, "2021000000000009", 2)


@pytest.fixture
def books(programme: Programme) -> Books:
    """In which all is well so far: both were acknowledged, the second was received."""
    books = Books(programme)
    books.answered(FIRST, SUCCESS)
    books.answered(SECOND, SUCCESS)
    books.answered(FORGED, FAIL)
    books.received(message(programme, 1))
    return books


def message(programme: Programme, number: int, message_id: str = "a", *, biz_content: str = "") -> dict[str, str]:
    event = {"id": programme.notify_id(number)}
    body = json.dumps(event)[:-1] + f',"data":{biz_content or programme.biz_content(number)}}}'
    return {"MessageId": message_id, "Body": body}


def test_the_promise_is_kept_when_everything_was_received_once(books: Books, programme: Programme) -> None:
    books.received(message(programme, 0))

    assert books.reconcile() == Reconciliation(2, 2, 2, [], [], 0, [], 0, {})
    assert books.reconcile().promise_kept


def test_what_is_acknowledged_and_not_received_is_lost(books: Books, programme: Programme) -> None:
    assert books.reconcile().lost == [programme.notify_id(0)]
    assert not books.reconcile().promise_kept


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda books, p: books.received(message(p, 0, biz_content="{}")), id="other content"),
        pytest.param(lambda books, p: books.received(message(p, 0, "b")), id="published twice, for no reason"),
        pytest.param(lambda books, p: books.answered(FORGED, SUCCESS), id="a forgery acknowledged"),
        pytest.param(
            lambda books, p: books.received(
                {"MessageId": "b", "Body": json.dumps({"id": p.forged_id(0)})},
            ),
            id="a forgery received",
        ),
    ],
)
def test_the_promise_is_broken_by(
    books: Books, programme: Programme, spoil: Callable[[Books, Programme], None]
) -> None:
    books.received(message(programme, 0))

    spoil(books, programme)

    assert not books.reconcile().promise_kept


@pytest.mark.parametrize(
    ("answer", "message_id", "why"),
    [
        pytest.param(DIED, "b", "a delivery ended with 502", id="the process died"),
        pytest.param(Answer(200, "success", 2.4), "b", "a delivery took 2 s", id="SNS was slow"),
        pytest.param(SUCCESS, "a", "the queue delivered it again", id="the queue"),
    ],
)
def test_a_repetition_with_a_reason_does_not_break_it(
    books: Books, programme: Programme, answer: Answer, message_id: str, why: str
) -> None:
    books.received(message(programme, 0))

    books.answered(FIRST, answer)
    books.received(message(programme, 0, message_id))

    assert books.reconcile().repeated == {programme.notify_id(0): why}
    assert books.reconcile().promise_kept


def test_a_notification_that_was_never_acknowledged_is_given_up(programme: Programme) -> None:
    books = Books(programme)
    books.answered(FIRST, DIED)
    books.received(message(programme, 0))

    assert books.reconcile().given_up == [programme.notify_id(0), programme.notify_id(1)]
    assert books.reconcile().published_unacknowledged == 1
    assert not books.reconcile().promise_kept
