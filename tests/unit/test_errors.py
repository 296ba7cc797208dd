"""Each error knows its reply, its reason word and what an operator should do."""

import re

import pytest

from alipay_gateway import errors
from alipay_gateway.errors import NotificationError

REPLIES = [
    (errors.MalformedRequest, 400, "malformed"),
    (errors.UnknownApp, 403, "unknown_app"),
    (errors.BadSignature, 403, "bad_signature"),
    (errors.UnknownCertificate, 403, "unknown_certificate"),
    (errors.SignTypeRefused, 403, "sign_type_refused"),
    (errors.OutsideReplayWindow, 403, "outside_replay_window"),
    (errors.InFlight, 409, "in_flight"),
    (errors.CannotDecrypt, 503, "cannot_decrypt"),
    (errors.KeyringUnavailable, 503, "keyring_unavailable"),
    (errors.LedgerUnavailable, 503, "ledger_unavailable"),
    (errors.PublishFailed, 503, "publish_failed"),
    (errors.MessageTooLarge, 503, "too_large"),
    (errors.NoTimeLeft, 503, "no_time_left"),
]
ERRORS = [pytest.param(error, id=error.__name__) for error, _, _ in REPLIES]


@pytest.mark.parametrize(("error", "status", "reason"), REPLIES, ids=[error.__name__ for error, _, _ in REPLIES])
def test_the_reply_and_the_reason(error: type[NotificationError], status: int, reason: str) -> None:
    assert (error.status, error.reason) == (status, reason)


def test_the_table_knows_every_error() -> None:
    everyone = {value for value in vars(errors).values() if isinstance(value, type)}
    assert everyone == {error for error, _, _ in REPLIES} | {NotificationError}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_one_of_the_small_hierarchy(error: type[NotificationError]) -> None:
    assert error.__mro__[1] is NotificationError


def test_no_two_errors_share_a_reason_or_an_advice() -> None:
    assert len({error.reason for error, _, _ in REPLIES}) == len(REPLIES)
    assert len({error.advice for error, _, _ in REPLIES}) == len(REPLIES)


@pytest.mark.parametrize("error", ERRORS)
def test_advice_is_in_whole_sentences(error: type[NotificationError]) -> None:
    assert re.fullmatch(r"[A-Z].{20,}\.", error.advice)


@pytest.mark.parametrize("error", ERRORS)
def test_a_reason_is_a_word_for_logs_and_metrics(error: type[NotificationError]) -> None:
    assert re.fullmatch("[a-z]+(_[a-z]+)*", error.reason)
