"""The doctor finds what is wrong with a request, says it in both languages, and tells no secret."""

import json
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.alipay import SimulatedAlipay
from local.doctor.command import main
from local.doctor.texts import FILE, table
from tests.support.patients import APP, HEALTHY, PATIENTS, TEXTS, Cast, Patient

Examine = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def cast(alipay: SimulatedAlipay, stranger: SimulatedAlipay) -> Cast:
    return Cast(
        alipay,
        stranger,
        SimulatedAlipay.generate().with_certificate(),
        SimulatedAlipay.generate().with_certificate(days=-5),
    )


@pytest.fixture
def examine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Runs the command; returns its exit status and what it printed."""
    monkeypatch.setenv("COLUMNS", "1000")

    def run(request: bytes, keyring: Any, **options: str) -> tuple[int, str]:
        (tmp_path / "request").write_bytes(request)
        (tmp_path / "keyring.json").write_text(json.dumps(keyring), "utf-8")
        arguments = ["request", str(tmp_path / "request"), "--keyring", str(tmp_path / "keyring.json")]
        for name, value in options.items():
            if name.endswith("-key"):
                (tmp_path / "key").write_text(value)
            arguments += [name, str(tmp_path / "key") if name.endswith("-key") else value]
        status = main(arguments)
        return status, capsys.readouterr().out

    return run


def findings(report: str) -> list[str]:
    return re.findall(r"✗ (\w+) ", report)


def assert_nothing_secret(report: str, keyring: Any, *others: SimulatedAlipay) -> None:
    entries = [entry for entry in keyring.values() if isinstance(entry, dict)] if isinstance(keyring, dict) else []
    keys = [key for entry in entries for names in ("alipay_public_keys", "aes_keys") for key in entry.get(names, [])]
    keys += [alipay.private_pem().decode() for alipay in others] + [alipay.public_key for alipay in others]
    lines = [line for key in keys for line in key.split("\n") if not line.startswith("-----")]
    assert [line for line in lines if line and line[-24:] in report] == []
    assert [text for text in TEXTS if text in report] == []
    # A signature, a ciphertext, a key: base64 of any length is told by its mixture.
    assert re.findall(r"(?=[\w+/]*[+/])(?=[\w+/]*\d)(?=[\w+/]*[A-Z])[A-Za-z0-9+/]{40,}", report) == []


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.name)
def test_the_cause_is_found_and_nothing_secret_told(patient: Patient, cast: Cast, examine: Examine) -> None:
    keyring, request = patient.keyring(cast), patient.request(cast)

    status, report = examine(request, keyring, **{name: value(cast) for name, value in patient.options.items()})

    assert (status, findings(report)) == (1, list(patient.finds))
    assert patient.en in report
    assert patient.zh in report
    assert_nothing_secret(report, keyring, cast.alipay, cast.other)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_request_gets_a_clean_bill(name: str, cast: Cast, examine: Examine) -> None:
    notification = HEALTHY[name](cast)

    status, report = examine(notification.form(), cast.keyring())

    assert status == 0
    assert findings(report) == []
    assert "Healthy" in report
    assert "正常" in report
    assert notification.parameters["notify_id"] in report
    assert notification.convention in report
    assert re.search(r"schema +valid", report)
    assert re.search(r"topic +…:alipay-gateway-\w+", report)
    assert_nothing_secret(report, cast.keyring(), cast.alipay)


@pytest.mark.parametrize("name", ["expired", "certified"])
def test_certificates_are_looked_at(name: str, cast: Cast, examine: Examine) -> None:
    alipay = getattr(cast, name)
    request = alipay.notification(app_id=APP, **vars_of_a_message()).form()

    status, report = examine(request, {APP: alipay.keyring_entry()})

    assert status == 0
    assert ("! certificate_expired" in report) is (name == "expired")
    assert ("已于 5 天前" in report or "已于 6 天前" in report) is (name == "expired")


def test_a_message_that_its_schema_does_not_know_is_healthy_with_a_warning(cast: Cast, examine: Examine) -> None:
    status, report = examine(cast.message(biz_content='{"settle_no":1}').form(), cast.keyring())

    assert status == 0
    assert "! schema_invalid" in report


def test_utf8_that_calls_itself_gbk_is_healthy_with_a_warning(cast: Cast, examine: Examine) -> None:
    notification = cast.message(biz_content='{"text":"支付宝支付宝"}', extra={"charset": "GBK"}, msg_method="a.b")

    status, report = examine(notification.form(), cast.keyring())

    assert (status, "! charset_doubtful" in report) == (0, True)


def test_a_damage_that_can_be_undone_is_proved_by_the_gateway(cast: Cast, examine: Examine) -> None:
    _, report = examine(cast.message().form() + b"&tenant=7", cast.keyring())

    assert "With this undone the gateway would accept it" in report


def test_nobody_is_told_pieces_of_a_value_as_names(cast: Cast, examine: Examine) -> None:
    request = cast.payment(subject="a&secret words=1&{x").form().replace(b"%26", b"&")

    _, report = examine(request, cast.keyring())

    assert "secret words" not in report


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="no keyring"),
        pytest.param(["--keyring", "k", "--stack", "s"], id="two keyrings"),
        pytest.param(["--keyring", "no such file"], id="no such file"),
    ],
)
def test_a_command_that_is_not_complete_ends_with_two(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "request").write_bytes(b"a=1")
    assert main(["request", str(tmp_path / "request"), *options]) == 2


def test_an_application_key_that_is_none_is_not_quoted(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in {"request": "a=1&sign=x", "keyring": json.dumps(cast.keyring()), "key": "TOPSECRET"}.items():
        (tmp_path / name).write_text(text)
    arguments = ["request", str(tmp_path / "request"), "--keyring", str(tmp_path / "keyring")]

    assert main([*arguments, "--app-private-key", str(tmp_path / "key")]) == 2
    assert "TOPSECRET" not in "".join(capsys.readouterr())


# ---- the texts


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("cause", table())
def test_both_languages_tell_the_same_details(cause: str) -> None:
    text = table()[cause]
    assert placeholders(text.en) == placeholders(text.zh)
    assert placeholders(text.do_en) == placeholders(text.do_zh)
    assert re.search("[一-鿿]", text.zh)
    assert re.search("[一-鿿]", text.do_zh)


def test_every_text_is_used_and_every_finding_has_one() -> None:
    sources = "".join(path.read_text("utf-8") for path in FILE.parent.glob("*.py"))
    assert [cause for cause in table() if f'"{cause}"' not in sources] == []
    assert set(re.findall(r'Finding\(\s*"(\w+)"', sources)) <= table().keys()


def test_every_problem_has_a_patient() -> None:
    found = {cause for patient in PATIENTS for cause in patient.finds}
    problems = {cause for cause, text in table().items() if text.level == "problem"}
    elsewhere = {"log_without_parameters", "too_large", "unexpected", "padded", "sign_alphabet"}
    assert problems - found == elsewhere


def vars_of_a_message() -> dict[str, str]:
    return {"msg_method": "alipay.test.notify", "biz_content": "{}"}
