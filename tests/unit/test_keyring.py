"""When the keyring is read, and whom a failing or broken one takes down."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from alipay_gateway.errors import KeyringUnavailable, UnknownApp
from alipay_gateway.keyring import FileSource, SecretSource
from local.alipay import SimulatedAlipay
from tests.unit.fakes import Watched

MAX_AGE_S, REREAD_INTERVAL_S = 300, 60


@pytest.fixture
def watched(alipay: SimulatedAlipay) -> Watched:
    return Watched(app=alipay.keyring_entry())


@pytest.fixture
def loaded(watched: Watched) -> Watched:
    """A keyring that was read just now."""
    watched.keyring.keys_of("app")
    return watched


def fingerprint(watched: Watched, app_id: str = "app") -> str:
    return watched.keyring.keys_of(app_id).public_keys[0].fingerprint


# ---- reading and age


def test_nothing_is_read_before_it_is_needed(watched: Watched) -> None:
    assert watched.source.reads == 0


def test_it_is_read_once_for_many_requests(watched: Watched) -> None:
    assert fingerprint(watched) == fingerprint(watched) == fingerprint(watched)
    assert watched.source.reads == 1


def test_it_serves_from_the_cache_until_its_age(loaded: Watched) -> None:
    loaded.clock.now += MAX_AGE_S - 1
    fingerprint(loaded)
    assert loaded.source.reads == 1


def test_at_its_age_it_is_read_again(loaded: Watched, stranger: SimulatedAlipay) -> None:
    before = fingerprint(loaded)
    loaded.source.hold(app=stranger.keyring_entry())
    loaded.clock.now += MAX_AGE_S
    assert fingerprint(loaded) != before
    assert loaded.source.reads == 2


def test_an_app_that_was_taken_out_is_unknown_when_the_keyring_is_read_again(loaded: Watched) -> None:
    loaded.source.hold()
    loaded.clock.now += MAX_AGE_S
    with pytest.raises(UnknownApp):
        loaded.keyring.keys_of("app")


def test_a_clock_set_back_has_it_read_again_and_serves_on(loaded: Watched) -> None:
    loaded.clock.now -= 86_400
    for _ in range(3):
        fingerprint(loaded)
    assert loaded.source.reads == 2


# ---- an unknown app


def test_an_unknown_app_is_unknown_without_a_second_read_of_what_was_just_read(watched: Watched) -> None:
    with pytest.raises(UnknownApp):
        watched.keyring.keys_of("other")
    assert watched.source.reads == 1


def test_an_unknown_app_has_it_read_again(loaded: Watched, stranger: SimulatedAlipay) -> None:
    loaded.source.hold(other=stranger.keyring_entry())
    loaded.clock.now += REREAD_INTERVAL_S
    fingerprint(loaded, "other")
    assert loaded.source.reads == 2


def test_an_app_added_within_the_minute_has_to_wait(loaded: Watched, stranger: SimulatedAlipay) -> None:
    loaded.source.hold(other=stranger.keyring_entry())
    loaded.clock.now += REREAD_INTERVAL_S - 1
    with pytest.raises(UnknownApp):
        loaded.keyring.keys_of("other")
    assert loaded.source.reads == 1


def test_many_unknown_apps_have_it_read_once_a_minute(loaded: Watched) -> None:
    for second in range(180):
        loaded.clock.now += 1
        with pytest.raises(UnknownApp):
            loaded.keyring.keys_of(f"app {second}")
    assert loaded.source.reads == 1 + 3


def test_an_unknown_app_leaves_the_known_ones_alone(loaded: Watched) -> None:
    with pytest.raises(UnknownApp):
        loaded.keyring.keys_of("other")
    assert fingerprint(loaded)


def test_an_unknown_app_stays_unknown_when_the_source_fails(loaded: Watched) -> None:
    loaded.source.failing = True
    loaded.clock.now += REREAD_INTERVAL_S
    with pytest.raises(UnknownApp):
        loaded.keyring.keys_of("other")
    assert loaded.source.reads == 2


# ---- reread


def test_reread_reads_and_says_so(loaded: Watched) -> None:
    loaded.clock.now += REREAD_INTERVAL_S
    assert loaded.keyring.reread()
    assert loaded.source.reads == 2


def test_reread_does_nothing_within_a_minute(loaded: Watched) -> None:
    loaded.clock.now += REREAD_INTERVAL_S - 1
    assert not loaded.keyring.reread()
    assert loaded.source.reads == 1


def test_reread_says_no_when_the_source_fails(loaded: Watched) -> None:
    loaded.source.failing = True
    loaded.clock.now += REREAD_INTERVAL_S
    assert not loaded.keyring.reread()


def test_a_failed_reread_counts_as_one(loaded: Watched) -> None:
    loaded.source.failing = True
    loaded.clock.now += REREAD_INTERVAL_S
    loaded.keyring.reread()
    loaded.keyring.reread()
    assert loaded.source.reads == 2


def test_reread_works_although_the_clock_was_set_back(loaded: Watched) -> None:
    loaded.clock.now -= 10
    assert loaded.keyring.reread()


def test_a_keyring_read_again_serves_for_its_full_age(loaded: Watched) -> None:
    loaded.clock.now += MAX_AGE_S - 1
    loaded.keyring.reread()
    loaded.clock.now += MAX_AGE_S - 1
    fingerprint(loaded)
    assert loaded.source.reads == 2


# ---- a source that fails


def test_without_an_old_keyring_a_failing_source_is_told(watched: Watched) -> None:
    watched.source.failing = True
    with pytest.raises(KeyringUnavailable, match="gone"):
        watched.keyring.keys_of("app")


def test_without_an_old_keyring_it_is_tried_again_two_seconds_later(watched: Watched) -> None:
    watched.source.failing = True
    for _ in range(10):
        with pytest.raises(KeyringUnavailable):
            watched.keyring.keys_of("app")
    assert watched.source.reads == 1

    watched.source.failing = False
    watched.clock.now += 2
    assert fingerprint(watched)


def test_a_broken_entry_is_read_again_a_minute_later(watched: Watched, alipay: SimulatedAlipay) -> None:
    watched.source.hold(app={"alipay_public_keys": ["broken"]})
    with pytest.raises(KeyringUnavailable):
        watched.keyring.keys_of("app")

    watched.source.hold(app=alipay.keyring_entry())
    watched.clock.now += 60
    assert fingerprint(watched)


BROKEN_SOURCES = [pytest.param(None, id="failing"), pytest.param("[]", id="no object"), pytest.param("{", id="no JSON")]


def spoil(watched: Watched, text: str | None) -> None:
    watched.source.failing = text is None
    watched.source.text = text or ""


@pytest.mark.parametrize("text", BROKEN_SOURCES)
def test_the_old_keyring_serves_on_when_it_cannot_be_read_again(loaded: Watched, text: str | None) -> None:
    before = fingerprint(loaded)
    spoil(loaded, text)
    loaded.clock.now += 10 * MAX_AGE_S
    assert fingerprint(loaded) == before


@pytest.mark.parametrize("text", BROKEN_SOURCES)
def test_that_the_old_keyring_serves_on_is_reported(loaded: Watched, text: str | None) -> None:
    spoil(loaded, text)
    loaded.clock.now += MAX_AGE_S
    fingerprint(loaded)
    assert [report.partition(":")[0] for report in loaded.reports] == [
        "The keyring cannot be read again, the one read before serves on"
    ]


def test_a_failing_source_is_asked_once_a_minute_while_the_old_keyring_serves(loaded: Watched) -> None:
    loaded.source.failing = True
    loaded.clock.now += MAX_AGE_S
    for _ in range(120):
        fingerprint(loaded)
        loaded.clock.now += 1
    assert loaded.source.reads == 1 + 2


def test_a_source_that_recovers_is_read(loaded: Watched, stranger: SimulatedAlipay) -> None:
    before = fingerprint(loaded)
    loaded.source.failing = True
    loaded.clock.now += MAX_AGE_S
    fingerprint(loaded)
    loaded.source.failing = False
    loaded.source.hold(app=stranger.keyring_entry())
    loaded.clock.now += REREAD_INTERVAL_S
    assert fingerprint(loaded) != before


# ---- a broken entry


@pytest.fixture
def half_broken(alipay: SimulatedAlipay) -> Watched:
    return Watched(app=alipay.keyring_entry(), broken={"alipay_public_keys": ["secret-key"]})


def test_a_broken_entry_makes_its_app_unavailable(half_broken: Watched) -> None:
    with pytest.raises(KeyringUnavailable, match="alipay_public_keys holds something") as refusal:
        half_broken.keyring.keys_of("broken")
    assert "secret-key" not in str(refusal.value)


def test_a_broken_entry_leaves_the_other_apps_alone(half_broken: Watched) -> None:
    assert fingerprint(half_broken)


def test_a_broken_entry_is_reported_with_its_app_and_without_its_key(half_broken: Watched) -> None:
    fingerprint(half_broken)
    (report,) = half_broken.reports
    assert report.startswith("App broken is refused until its entry in the keyring is mended: alipay_public_keys")
    assert "secret-key" not in report


def test_a_broken_entry_is_reported_once_for_each_read(half_broken: Watched) -> None:
    for _ in range(3):
        fingerprint(half_broken)
    assert len(half_broken.reports) == 1


# ---- the sources


def test_a_file_is_read_as_utf_8_each_time(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    source = FileSource(path)
    read = []
    for text in ('{"应用": 1}', "{}"):
        path.write_text(text, "utf-8")
        read.append(source())
    assert read == ['{"应用": 1}', "{}"]


@pytest.mark.parametrize("content", [None, b"\xd6\xd0"], ids=["missing", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "keyring.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyringUnavailable, match="The keyring file cannot be read"):
        FileSource(path)()


def test_a_directory_is_no_keyring(tmp_path: Path) -> None:
    with pytest.raises(KeyringUnavailable, match="The keyring file cannot be read"):
        FileSource(tmp_path)()


class SecretsManager:
    """Answers as told; counts how often a client was made."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer, self.asked, self.made = answer, "", 0

    def make(self) -> Any:
        self.made += 1
        return self

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803  its parameter's name
        self.asked = SecretId
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_the_text_of_the_secret_is_the_keyring() -> None:
    secrets = SecretsManager({"SecretString": "{}"})
    assert (SecretSource(secrets.make, "gateway/keyring")(), secrets.asked) == ("{}", "gateway/keyring")


def test_the_client_is_made_at_the_first_read() -> None:
    secrets = SecretsManager({"SecretString": "{}"})
    SecretSource(secrets.make, "gateway/keyring")
    assert secrets.made == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": "secret-key"}}, "GetSecretValue"),
            "AccessDeniedException",
            id="refused by AWS",
        ),
        pytest.param(ReadTimeoutError(endpoint_url="https://secret-key"), "ReadTimeoutError", id="no answer"),
        pytest.param({"SecretBinary": b"secret-key"}, "KeyError", id="a binary secret"),
    ],
)
def test_a_secret_that_cannot_be_read_is_unavailable_and_says_why(answer: Any, code: str) -> None:
    with pytest.raises(KeyringUnavailable) as refusal:
        SecretSource(SecretsManager(answer).make, "gateway/keyring")()
    assert str(refusal.value) == f"The keyring secret cannot be read ({code})"
