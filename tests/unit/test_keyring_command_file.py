"""The keyring command on a file: every command, what it refuses, and that nothing is lost or shown."""

import base64
import json
import stat
from pathlib import Path

import pytest

from alipay_gateway.keys import parse_public_key
from local.alipay import SimulatedAlipay
from local.keyring.command import main
from local.keyring.file_store import FileStore
from local.keyring.names import aes_name
from local.keyring.stores import Snapshot
from tests.support.keyring_command import (
    AES_KEYS,
    Keyring,
    fingerprint,
    private_forms,
    public_forms,
    secrets_of,
)

APP = "2021000000000001"
AES = AES_KEYS[16]


@pytest.fixture
def keyring(
    alipay: SimulatedAlipay,
    stranger: SimulatedAlipay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Keyring:
    """A file with one app, that of `alipay`; `stranger` is the key to rotate to."""
    keyring = Keyring(tmp_path / "keyring.json", secrets_of(alipay, stranger), monkeypatch, capsys)
    keyring.put({APP: alipay.keyring_entry()})
    return keyring


def name_of(aes_key: str | None) -> str:
    return aes_name(base64.b64decode(aes_key or ""))


# ---- the keys


def test_an_app_is_added_to_a_file_that_is_not_there_yet(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    assert keyring.file
    keyring.file.unlink()
    assert "nothing is there yet" in keyring.done("list")

    said = keyring.done("add-app", APP, "--alipay-public-key", "-", stdin=stranger.public_key)
    assert f"+ {APP} key {fingerprint(stranger)} (2048 bits)" in said
    assert json.loads(keyring.text()) == {APP: {"alipay_public_keys": [stranger.public_key]}}
    assert stat.S_IMODE(keyring.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("form", public_forms(SimulatedAlipay.generate(1024)))
def test_a_key_is_recognised_in_every_form_and_written_in_one_line(
    keyring: Keyring, stranger: SimulatedAlipay, form: str
) -> None:
    keyring.done("add-key", APP, "-", stdin=public_forms(stranger)[form]())
    assert json.loads(keyring.text())[APP]["alipay_public_keys"][1] == stranger.public_key


@pytest.mark.parametrize(
    ("days", "said"),
    [
        pytest.param(400.5, "400 days left", id="valid"),
        pytest.param(10.5, "10 days left", id="nearly expired"),
        pytest.param(-10.5, "expired 11 days ago", id="expired"),
    ],
)
def test_a_certificate_is_written_without_the_authorities_behind_it(
    keyring: Keyring, stranger: SimulatedAlipay, tmp_path: Path, days: float, said: str
) -> None:
    certificate, authority = (alipay.with_certificate(days=days).certificate or "" for alipay in (stranger,) * 2)
    file = tmp_path / "alipayCertPublicKey_RSA2.crt"
    file.write_text(f"subject=支付宝\n{certificate}{authority}".replace("\n", "\r\n"), "utf-8")

    sn = parse_public_key(certificate).sn
    assert f"key {fingerprint(stranger)} (certificate SN {sn}, {said})" in keyring.done("add-key", APP, str(file))
    assert json.loads(keyring.text())[APP]["alipay_public_keys"][1] == certificate
    assert said in keyring.done("list")
    keyring.done("retire-key", APP, sn.upper())
    assert len(keyring.keys(APP).public_keys) == 1


def test_a_rotation_by_the_fingerprints_of_the_logs(
    keyring: Keyring, alipay: SimulatedAlipay, stranger: SimulatedAlipay
) -> None:
    keyring.done("add-key", APP, "-", stdin=stranger.public_key)
    assert f"- {APP} key {fingerprint(alipay)}" in keyring.done("retire-key", APP, fingerprint(alipay))
    assert [key.fingerprint for key in keyring.keys(APP).public_keys] == [fingerprint(stranger)]


def test_an_aes_key_is_rotated_by_its_name(keyring: Keyring, alipay: SimulatedAlipay, tmp_path: Path) -> None:
    file = tmp_path / "aes"
    file.write_text(f"{AES}\n")
    assert f"+ {APP} AES key {name_of(AES)} (128 bits)" in keyring.done("add-aes-key", APP, "--aes-key-file", str(file))
    keyring.done("add-aes-key", APP, "--aes-key-stdin", stdin=AES_KEYS[32])
    keyring.done("retire-aes-key", APP, name_of(alipay.aes_key))
    assert json.loads(keyring.text())[APP]["aes_keys"] == [AES, AES_KEYS[32]]

    keyring.done("retire-aes-key", APP, name_of(AES))
    assert "no AES key then" in keyring.done("retire-aes-key", APP, name_of(AES_KEYS[32]))
    assert json.loads(keyring.text())[APP].keys() == {"alipay_public_keys"}


@pytest.mark.parametrize("command", [("add-aes-key", APP), ("add-app", "7", "--aes-key-prompt")])
def test_an_aes_key_is_typed_in_without_an_echo(
    keyring: Keyring,
    stranger: SimulatedAlipay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    file = tmp_path / "key"
    file.write_text(stranger.public_key)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: f" {AES}\n")
    key = ["--alipay-public-key", str(file)] if command[0] == "add-app" else []

    assert keyring(*command, *key, stdin="y\n", tty=True).status == 0
    assert keyring.keys(command[1]).aes_keys[-1] == base64.b64decode(AES)


def test_sign_types_are_allowed_and_disallowed(keyring: Keyring) -> None:
    assert f"+ {APP} accepts RSA\n" in keyring.done("allow", APP, "RSA")
    assert keyring.keys(APP).sign_types == {"RSA2", "RSA"}
    keyring.done("disallow", APP, "RSA")
    assert keyring.keys(APP).sign_types == {"RSA2"}


def test_a_new_app_has_the_sign_types_that_are_given(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    key = ("--alipay-public-key", "-", "--sign-type", "RSA2", "--sign-type", "RSA")
    keyring.done("add-app", "7", *key, stdin=stranger.public_key)
    assert keyring.keys("7").sign_types == {"RSA2", "RSA"}


def test_an_app_is_removed(keyring: Keyring) -> None:
    assert "will be refused" in keyring.done("remove-app", APP)
    assert keyring.text() == "{}\n"


@pytest.mark.parametrize(
    ("command", "stdin"),
    [
        pytest.param(("add-key", APP, "-"), "the key", id="a key"),
        pytest.param(("add-aes-key", APP, "--aes-key-stdin"), "the AES key", id="an AES key"),
        pytest.param(("allow", APP, "RSA2"), "", id="allowed already"),
        pytest.param(("disallow", APP, "RSA"), "", id="not allowed"),
    ],
)
def test_what_is_so_already_is_not_written(
    keyring: Keyring, alipay: SimulatedAlipay, command: tuple[str, ...], stdin: str
) -> None:
    before = keyring.text()
    given = {"the key": alipay.public_key, "the AES key": alipay.aes_key or ""}.get(stdin, "")
    assert "Nothing changed." in keyring.done(*command, stdin=given)
    assert keyring.text() == before


# ---- what is refused

JUNK = [
    pytest.param("", "no public key", id="nothing"),
    pytest.param("junk-key", "no public key", id="junk"),
    pytest.param("公钥", "no public key", id="Chinese"),
    pytest.param(AES, "no public key", id="an AES key"),
    pytest.param(b"\xff\xfe0\x82", "not text", id="bytes"),
    pytest.param("A" * 70_000, "too long", id="far too much"),
]
REFUSED = [
    pytest.param(("add-app", APP, "--alipay-public-key", "-"), "in the keyring already", id="an app twice"),
    pytest.param(("add-app", "", "--alipay-public-key", "-"), "no blanks", id="no app_id"),
    pytest.param(("add-app", "2021 1", "--alipay-public-key", "-"), "no blanks", id="a blank in the app_id"),
    pytest.param(("add-app", "\x1b[31m", "--alipay-public-key", "-"), "no blanks", id="a terminal's escape"),
    pytest.param(("add-app", "\udcff", "--alipay-public-key", "-"), "no blanks", id="bytes that are no text"),
    pytest.param(("add-key", "7", "-"), "no such app", id="a key for an unknown app"),
    pytest.param(("retire-key", "7", "ab"), "no such app", id="a key of an unknown app"),
    pytest.param(("add-aes-key", "7", "--aes-key-stdin"), "no such app", id="an AES key for an unknown app"),
    pytest.param(("retire-aes-key", "7", "ab"), "no such app", id="an AES key of an unknown app"),
    pytest.param(("allow", "7", "RSA"), "no such app", id="a sign_type for an unknown app"),
    pytest.param(("disallow", "7", "RSA"), "no such app", id="a sign_type of an unknown app"),
    pytest.param(("remove-app", "7"), "no such app", id="an unknown app"),
    pytest.param(("retire-key", APP, "0123456789abcdef"), "no key with this", id="an unknown fingerprint"),
    pytest.param(("retire-key", APP, ""), "no key with this", id="no fingerprint"),
    pytest.param(("retire-aes-key", APP, AES), "no AES key with this", id="an AES key for its name"),
    pytest.param(("disallow", APP, "RSA2"), "nothing but RSA2", id="the last sign_type"),
    pytest.param(("add-key", APP, AES), "cannot be read", id="an AES key for a file's name"),
    pytest.param(("add-key", APP, "\0"), "cannot be read", id="a file's name that cannot be"),
    pytest.param(("add-key", APP, "/"), "cannot be read", id="a folder"),
    pytest.param(("add-aes-key", APP, "--aes-key-file", AES), "cannot be read", id="an AES key for its file's name"),
    pytest.param(("add-aes-key", APP), "no terminal to ask", id="nobody to type an AES key"),
    pytest.param(("add-app", "7", "--alipay-public-key", "-", "--aes-key-stdin"), "one key only", id="two from stdin"),
    pytest.param(("undo",), "keyring.json.bak", id="nothing to undo"),
]


@pytest.mark.parametrize(("command", "said"), REFUSED)
def test_what_cannot_be_done_is_refused_in_a_line(
    keyring: Keyring, stranger: SimulatedAlipay, command: tuple[str, ...], said: str
) -> None:
    before = keyring.text()
    assert said in keyring.refused(*command, stdin=stranger.public_key)
    assert keyring.text() == before


@pytest.mark.parametrize(("junk", "said"), JUNK)
def test_what_is_no_public_key_is_refused(keyring: Keyring, junk: str | bytes, said: str) -> None:
    assert said in keyring.refused("add-key", APP, "-", stdin=junk)


@pytest.mark.parametrize("junk", ["", "junk-key", base64.b64encode(bytes(15)).decode(), "密钥"])
def test_what_is_no_aes_key_is_refused(keyring: Keyring, junk: str) -> None:
    assert "would be broken: aes_keys" in keyring.refused("add-aes-key", APP, "--aes-key-stdin", stdin=junk)


@pytest.mark.parametrize("form", private_forms(SimulatedAlipay.generate(1024)))
@pytest.mark.parametrize("command", [("add-key", APP), ("add-app", "7", "--alipay-public-key")])
def test_a_private_key_is_refused_and_to_be_replaced(
    keyring: Keyring, stranger: SimulatedAlipay, command: tuple[str, ...], form: str
) -> None:
    before = keyring.text()
    assert "replace that key pair" in keyring.refused(*command, "-", stdin=private_forms(stranger)[form])
    assert keyring.text() == before


def test_a_private_key_behind_a_certificate_is_found(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    both = f"{stranger.with_certificate().certificate}{stranger.private_pem().decode()}"
    assert "replace that key pair" in keyring.refused("add-key", APP, "-", stdin=both)


def test_a_private_key_for_a_file_s_name_is_not_repeated(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    assert "cannot be read" in keyring.refused("add-key", APP, private_forms(stranger)["base64, PKCS#8"])


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(("add-aes-key", APP, AES), id="behind the app"),
        pytest.param(("add-aes-key", APP, f"--aes-key-stdin={AES}"), id="behind an option"),
        pytest.param(("add-aes-key", APP, "--aes-key", AES), id="behind an option that is none"),
        pytest.param((AES, APP), id="in the place of the command"),
        pytest.param(("allow", APP, AES), id="in the place of a sign_type"),
    ],
)
def test_an_aes_key_on_the_command_line_is_refused_and_not_repeated(keyring: Keyring, argv: tuple[str, ...]) -> None:
    outcome = keyring(*argv)
    assert outcome.status == 2
    assert "…" in outcome.err


def test_the_last_key_of_an_app_stays(keyring: Keyring, alipay: SimulatedAlipay) -> None:
    assert "last key" in keyring.refused("retire-key", APP, fingerprint(alipay))


def test_the_application_s_own_key_is_not_alipay_s(keyring: Keyring, stranger: SimulatedAlipay, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text(public_forms(stranger)["PKCS#1 PEM"]())
    mixed_up = ("add-key", APP, "-", "--app-public-key", str(own))
    assert "应用公钥" in keyring.refused(*mixed_up, stdin=stranger.public_key)


# ---- what is warned of


def test_a_key_of_another_app_is_warned_of(keyring: Keyring, alipay: SimulatedAlipay) -> None:
    said = keyring.done("add-app", "7", "--alipay-public-key", "-", stdin=alipay.public_key)
    assert f"! App {APP} has this key too." in said
    assert f"Key {fingerprint(alipay)} is under apps {APP}, 7." in keyring.done("list")


def test_the_same_key_in_a_certificate_is_warned_of(keyring: Keyring, alipay: SimulatedAlipay) -> None:
    certificate = alipay.with_certificate().certificate or ""
    assert "has the same key already" in keyring.done("add-key", APP, "-", stdin=certificate)
    assert f"App {APP} has key {fingerprint(alipay)} 2 times" in keyring.done("list")
    assert "last key" in keyring.refused("retire-key", APP, fingerprint(alipay))


def test_a_certificate_in_the_app_s_own_name_is_warned_of(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    certificate = stranger.with_certificate().certificate or ""
    said = keyring.done("add-app", "支付宝", "--alipay-public-key", "-", stdin=certificate)
    assert "The certificate is in the app's name" in said


def test_the_list_shows_broken_entries_beside_the_others(keyring: Keyring, alipay: SimulatedAlipay) -> None:
    keyring.put({"[red]7": {}, APP: alipay.keyring_entry(), "\x1b[31m8": None})
    said = keyring.done("list")
    assert f"{keyring.file}: 3 apps" in said
    assert "[red]7 is refused, its entry is broken: alipay_public_keys is missing or empty" in said
    assert "\N{REPLACEMENT CHARACTER}[31m8 is refused" in said
    assert "\x1b" not in said
    assert fingerprint(alipay) in said
    assert name_of(alipay.aes_key) in said


def test_a_broken_entry_does_not_keep_other_apps_from_being_changed(
    keyring: Keyring, alipay: SimulatedAlipay, stranger: SimulatedAlipay
) -> None:
    broken = '"7" : {"alipay_public_keys": [ 7 ], "n": 1.10}'
    keyring.put(f'{{{broken}, "{APP}": {json.dumps(alipay.keyring_entry())}}}')
    keyring.done("add-key", APP, "-", stdin=stranger.public_key)
    assert '"7": {"alipay_public_keys": [ 7 ], "n": 1.10},\n' in keyring.text()


@pytest.mark.parametrize("text", ["", "junk", "[]", '{"7": {}, "7": {}}'])
def test_a_file_that_is_no_keyring_is_refused_by_every_command(
    keyring: Keyring, alipay: SimulatedAlipay, text: str
) -> None:
    keyring.put(text)
    for command in (("list",), ("add-key", APP, "-"), ("remove-app", APP)):
        assert "The keyring is not" in keyring.refused(*command, stdin=alipay.public_key)
    assert keyring.text() == text


def test_a_file_that_is_not_text_is_refused(keyring: Keyring) -> None:
    assert keyring.file
    keyring.file.write_bytes(b"\xff{}")
    assert "not UTF-8" in keyring.refused("list")


def test_a_folder_is_no_keyring(keyring: Keyring, tmp_path: Path) -> None:
    keyring.place[1] = str(tmp_path)
    assert "Is a directory" in keyring.refused("list")


# ---- asking, going back, and what happens in between


@pytest.mark.parametrize(
    ("answer", "status"),
    [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("", 1), ("yesterday\n", 1)],
)
def test_a_change_is_written_after_a_yes_only(keyring: Keyring, answer: str, status: int) -> None:
    before = keyring.text()
    outcome = keyring("remove-app", APP, stdin=answer, tty=True)
    assert outcome.status == status
    assert f"- {APP} key" in outcome.out
    assert (keyring.text() == before) is (status == 1)


def test_where_nobody_can_be_asked_nothing_is_written(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = keyring.text()
    keyring.done("list")
    assert main(["remove-app", APP, *keyring.place]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert keyring.text() == before


def test_an_interrupted_question_writes_nothing(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_question: str) -> bool:
        raise KeyboardInterrupt

    before = keyring.text()
    monkeypatch.setattr("local.keyring.command.confirmed", interrupt)
    assert keyring("remove-app", APP, tty=True).status == 130
    assert keyring.text() == before


def test_undo_goes_back_and_forth(keyring: Keyring, alipay: SimulatedAlipay, stranger: SimulatedAlipay) -> None:
    first = keyring.text()
    keyring.done("add-key", APP, "-", stdin=stranger.public_key)
    second = keyring.text()

    assert f"- {APP} key {fingerprint(stranger)}" in keyring.done("undo")
    assert keyring.text() == first
    assert f"+ {APP} key {fingerprint(stranger)}" in keyring.done("undo")
    assert keyring.text() == second


def test_undo_mends_a_file_that_was_spoilt_by_hand(keyring: Keyring) -> None:
    first = keyring.text()
    keyring.done("allow", APP, "RSA")
    keyring.put("junk")
    assert "What is there now is no keyring" in keyring.done("undo")
    assert keyring.text() == first


def test_undo_does_not_bring_a_broken_entry_back(keyring: Keyring, stranger: SimulatedAlipay) -> None:
    keyring.put({APP: {}})
    keyring.done("add-key", APP, "-", stdin=stranger.public_key)
    assert "broken in the version before" in keyring.refused("undo")


def test_undo_shows_a_change_of_what_the_function_does_not_read(keyring: Keyring, alipay: SimulatedAlipay) -> None:
    keyring.done("allow", APP, "RSA")
    keyring.put({APP: {**alipay.keyring_entry(), "sign_types": ["RSA2"], "note": 1}})
    assert f"~ {APP} the order of its keys" in keyring.done("undo")


@pytest.mark.parametrize("change", ["another keyring", "gone"])
def test_a_file_that_was_changed_in_between_is_left_alone(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    def somebody_else(_question: str) -> bool:
        assert keyring.file
        keyring.file.unlink() if change == "gone" else keyring.put({})
        return True

    monkeypatch.setattr("local.keyring.command.confirmed", somebody_else)
    outcome = keyring("allow", APP, "RSA", tty=True)
    assert (outcome.status, "Somebody else" in outcome.err) == (2, True)
    assert keyring.file
    assert [(file.name, file.read_text()) for file in keyring.file.parent.iterdir()] == (
        [] if change == "gone" else [("keyring.json", "{}")]
    )


@pytest.mark.parametrize("step", ["os.fsync", "os.fchmod", "pathlib.Path.replace"])
@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_an_interrupted_write_leaves_the_file_and_nothing_else(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise fault

    before = keyring.text()
    with monkeypatch.context() as patch:
        patch.setattr(step, fail)
        outcome = keyring("allow", APP, "RSA")
    assert outcome.status == (2 if isinstance(fault, OSError) else 130)
    assert keyring.file
    assert list(keyring.file.parent.iterdir()) == [keyring.file]
    assert keyring.text() == before


def test_a_folder_that_cannot_be_written_is_said_so(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    said = keyring("allow", APP, "RSA")
    assert (said.status, said.err) == (2, f"{keyring.file}: Permission denied\n")


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_file_and_its_backup_keep_its_mode(keyring: Keyring, mode: int) -> None:
    assert keyring.file
    keyring.file.chmod(mode)
    keyring.done("allow", APP, "RSA")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in keyring.file.parent.iterdir()}
    assert modes == {"keyring.json": mode, "keyring.json.bak": mode}


def test_a_symbolic_link_stays_one(keyring: Keyring, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("keyring.json")
    keyring.place[1] = str(link)
    keyring.done("allow", APP, "RSA")
    assert link.readlink() == Path("keyring.json")
    assert keyring.keys(APP).sign_types == {"RSA2", "RSA"}


def test_a_file_that_came_into_being_in_between_is_not_overwritten(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "keyring.json")
    nothing = store.read()
    store.write('{"1": 1}', nothing)
    with pytest.raises(Exception, match="Somebody else"):
        store.write('{"2": 2}', nothing)
    assert store.read().text == '{"1": 1}'
    assert nothing == Snapshot("{}", None)
