"""The keyring command on the secret of a stack: versions, somebody else at the same time, and what AWS refuses."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError
from moto import mock_aws

from local.alipay import SimulatedAlipay
from local.keyring.document import Refusal
from local.keyring.secret_store import LABEL, SecretStore
from local.keyring.stores import EMPTY
from tests.support.keyring_command import AES_KEYS, Keyring, fingerprint, secrets_of
from tests.support.world import KEYRING as SECRET
from tests.support.world import aws

APP = "2021000000000001"


@pytest.fixture
def keyring(
    alipay: SimulatedAlipay,
    stranger: SimulatedAlipay,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Keyring]:
    """The secret as the stack deploys it: without a value."""
    with mock_aws():
        aws("secretsmanager").create_secret(Name=SECRET)
        yield Keyring(None, secrets_of(alipay, stranger), monkeypatch, capsys)


@pytest.fixture
def filled(keyring: Keyring, alipay: SimulatedAlipay) -> Keyring:
    put({APP: alipay.keyring_entry()})
    return keyring


def put(keyring: Any) -> None:
    """As somebody else would, past the command."""
    text = keyring if isinstance(keyring, str) else json.dumps(keyring)
    aws("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)


def value() -> dict[str, Any]:
    # By its label, as AWS does without being told: moto would return the version that was put last as the current one.
    current = aws("secretsmanager").get_secret_value(SecretId=SECRET, VersionStage="AWSCURRENT")
    document: dict[str, Any] = json.loads(current["SecretString"])
    return document


def labels() -> list[list[str]]:
    """The staging labels of the versions, oldest first; a version that nobody needs any more has none."""
    return list(aws("secretsmanager").describe_secret(SecretId=SECRET)["VersionIdsToStages"].values())


def calling(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.client", lambda _service: client)


def test_a_secret_without_a_value_is_an_empty_keyring(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    assert f"{SECRET}: nothing is there yet" in keyring.done("list")

    keyring.done("add-app", APP, "--alipay-public-key", "-", stdin=stranger.public_key)
    assert value() == {APP: {"alipay_public_keys": [stranger.public_key]}}
    assert labels() == [["AWSCURRENT"]]
    assert "no version before this one" in keyring.refused("undo")


def test_every_change_is_a_version_and_the_one_before_stays(
    filled: Keyring, alipay: SimulatedAlipay, stranger: SimulatedAlipay
) -> None:
    filled.done("add-key", APP, "-", stdin=stranger.public_key)
    assert labels() == [["AWSPREVIOUS"], ["AWSCURRENT"]]
    filled.done("retire-key", APP, fingerprint(alipay))
    assert labels() == [[], ["AWSPREVIOUS"], ["AWSCURRENT"]]
    assert value()[APP]["alipay_public_keys"] == [stranger.public_key]


def test_the_list_tells_the_size_against_what_a_secret_holds(filled: Keyring, alipay: SimulatedAlipay) -> None:
    said = filled.done("list")
    assert f"{SECRET}: 1 app, {len(json.dumps({APP: alipay.keyring_entry()}))} of 65,536 bytes" in said


def test_another_stack_has_another_secret(filled: Keyring) -> None:
    assert "staging/keyring: no such secret" in filled.refused("list", "--stack", "staging")


def test_undo_makes_the_version_before_the_current_one(filled: Keyring, stranger: SimulatedAlipay) -> None:
    before = value()
    filled.done("add-key", APP, "-", stdin=stranger.public_key)
    after = value()

    assert f"- {APP} key {fingerprint(stranger)}" in filled.done("undo")
    assert (value(), labels()) == (before, [["AWSCURRENT"], ["AWSPREVIOUS"]])
    filled.done("undo")
    assert (value(), labels()) == (after, [["AWSPREVIOUS"], ["AWSCURRENT"]])


def test_undo_has_nothing_to_do_where_both_versions_are_the_same(filled: Keyring) -> None:
    put(value())
    assert "Nothing changed." in filled.done("undo")


def test_undo_mends_a_secret_that_holds_no_keyring(filled: Keyring) -> None:
    before = value()
    put("junk")
    assert "The keyring is not JSON" in filled.refused("list")
    filled.done("undo")
    assert value() == before


# ---- the size

OWNER = "支" * 7_000
"""21,000 bytes, which the function does not read."""


@pytest.mark.parametrize(
    ("owners", "taken"), [pytest.param(3, True, id="just enough room"), pytest.param(4, False, id="no room")]
)
def test_no_more_is_written_than_a_secret_holds(
    filled: Keyring, alipay: SimulatedAlipay, owners: int, *, taken: bool
) -> None:
    entries = {str(number): {**alipay.keyring_entry(), "owner": OWNER} for number in range(owners)}
    put(json.dumps(entries, ensure_ascii=False))
    if taken:
        filled.done("allow", "0", "RSA")
    else:
        assert "bytes, a secret holds 65,536" in filled.refused("allow", "0", "RSA")
    assert value()["0"].get("sign_types") == (["RSA2", "RSA"] if taken else None)


# ---- somebody else at the same time


def overtaken(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """While the command asks, somebody else acts."""
    monkeypatch.setattr("local.keyring.command.confirmed", lambda _question: act() or True)


@pytest.mark.parametrize("command", [("allow", APP, "RSA2"), ("undo",)])
def test_what_somebody_else_has_put_meanwhile_stays(
    filled: Keyring, monkeypatch: pytest.MonkeyPatch, alipay: SimulatedAlipay, command: tuple[str, ...]
) -> None:
    put({APP: {**alipay.keyring_entry(), "sign_types": ["RSA"]}})
    theirs = {"7": alipay.keyring_entry()}
    overtaken(monkeypatch, lambda: put(theirs))

    outcome = filled(*command, tty=True)
    assert (outcome.status, "Somebody else" in outcome.err) == (2, True)
    assert value() == theirs
    assert {label for version in labels() for label in version} == {"AWSCURRENT", "AWSPREVIOUS"}


def test_the_first_value_of_somebody_else_stays(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, alipay: SimulatedAlipay
) -> None:
    theirs = {"7": alipay.keyring_entry()}
    store = SecretStore(aws("secretsmanager"), SECRET)
    assert store.read() == EMPTY
    put(theirs)
    with pytest.raises(Refusal):
        store.write("{}", EMPTY)
    assert value() == theirs


def test_of_two_commands_at_once_one_is_refused(filled: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (SecretStore(boto3.client("secretsmanager"), SECRET) for _ in range(2))
    seen_by_one, seen_by_other = one.read(), other.read()
    one.write('{"one": {}}', seen_by_one)
    with pytest.raises(Refusal, match="Somebody else"):
        other.write('{"other": {}}', seen_by_other)
    assert value() == {"one": {}}


def test_a_move_whose_answer_was_lost_and_that_was_made_again_has_succeeded(
    filled: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Any = boto3.client("secretsmanager")
    move = client.update_secret_version_stage

    def twice(**arguments: Any) -> Any:
        if arguments["VersionStage"] == "AWSCURRENT":
            move(**arguments)
        return move(**arguments)

    monkeypatch.setattr(client, "update_secret_version_stage", twice)
    calling(client, monkeypatch)
    filled.done("allow", APP, "RSA")
    assert value()[APP]["sign_types"] == ["RSA2", "RSA"]


@pytest.mark.parametrize("fault", [EndpointConnectionError(endpoint_url="https://aws"), KeyboardInterrupt()])
def test_a_change_that_is_interrupted_before_the_move_is_none(
    filled: Keyring, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    client: Any = boto3.client("secretsmanager")

    def fail(**_: Any) -> None:
        raise fault

    before = value()
    monkeypatch.setattr(client, "update_secret_version_stage", fail)
    calling(client, monkeypatch)
    assert filled("allow", APP, "RSA").status in {2, 130}
    assert (value(), labels()) == (before, [["AWSCURRENT"], [LABEL]])

    monkeypatch.undo()
    filled.done("allow", APP, "RSA")
    assert labels() == [["AWSPREVIOUS"], [], ["AWSCURRENT"]]


# ---- what AWS refuses


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("AccessDeniedException", "no access", id="no access"),
        pytest.param("InvalidRequestException", "marked for deletion", id="deleted"),
        pytest.param("DecryptionFailure", "KMS key", id="no access to the key"),
        pytest.param("ExpiredTokenException", "sign in", id="signed in too long ago"),
        pytest.param("ValidationException", "AWS says no more", id="any other"),
    ],
)
@pytest.mark.parametrize("operation", ["GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"])
def test_a_refusal_of_aws_is_a_line_that_does_not_quote_it(
    filled: Keyring, monkeypatch: pytest.MonkeyPatch, code: str, said: str, operation: str
) -> None:
    client: Any = boto3.client("secretsmanager")
    answer = client._make_api_call  # noqa: SLF001  where every call goes through

    def refuse(name: str, arguments: Any) -> Any:
        if name == operation:
            error = {"Code": code, "Message": f"Value {AES_KEYS[16]} failed to satisfy constraint"}
            raise client.exceptions.ClientError({"Error": error}, name)
        return answer(name, arguments)

    before = value()
    monkeypatch.setattr(client, "_make_api_call", refuse)
    calling(client, monkeypatch)
    outcome = filled("add-aes-key", APP, "--aes-key-stdin", stdin=AES_KEYS[16])
    assert outcome.status == 2
    assert outcome.err.startswith(f"{SECRET}: ")
    assert said in outcome.err
    assert f"({code})\n" in outcome.err
    assert value() == before


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(NoRegionError(), "set AWS_REGION", id="no region"),
        pytest.param(NoCredentialsError(), "sign in", id="no credentials"),
        pytest.param(EndpointConnectionError(endpoint_url="https://aws"), "does not answer", id="no network"),
    ],
)
def test_where_aws_cannot_be_asked_a_line_says_why(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(_service: str) -> None:
        raise error

    monkeypatch.setattr("boto3.client", fail)
    assert said in keyring.refused("list")


def test_no_secret_at_all_is_not_an_empty_keyring(keyring: Keyring) -> None:
    aws("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    assert "no such secret" in keyring.refused("list")


def test_a_secret_that_is_marked_for_deletion_is_said_so(filled: Keyring) -> None:
    aws("secretsmanager").delete_secret(SecretId=SECRET)
    assert "marked for deletion" in filled.refused("list")


def test_a_binary_secret_is_no_keyring(filled: Keyring) -> None:
    aws("secretsmanager").put_secret_value(SecretId=SECRET, SecretBinary=b"{}")
    assert "binary" in filled.refused("list")
