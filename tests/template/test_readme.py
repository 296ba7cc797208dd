"""The README says what is so: its tables list what the template, the code and the folders hold."""

import re

import pytest

from alipay_gateway import errors
from tests.template.conftest import ROOT, Expanded, Json

README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a text, headers and all."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|--")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code(cell: str) -> str:
    return cell.strip("`")


def test_every_parameter_is_listed_with_its_default(source: Json) -> None:
    listed = {code(name): code(default) for name, default, *_ in rows(section("Parameters"))[1:]}

    assert listed.keys() == source["Parameters"].keys()
    defaults = {name: str(parameter["Default"]) for name, parameter in source["Parameters"].items()}
    assert listed == defaults | {"MsgMethods": "the demo's three, trade_status_sync"}


def test_every_sample_event_is_listed() -> None:
    listed = {code(row[0]) for row in rows(section("On your own machine")) if row[0].endswith(".json`")}

    assert listed == {file.name for file in (ROOT / "events").iterdir()} - {"keyring.json", "env.json"}


def test_every_reason_is_listed_with_its_reply() -> None:
    listed = {(code(reason), status) for _, status, _, reason in rows(section("The replies"))[1:] if reason}

    known = {(error.reason, str(error.status)) for error in errors.NotificationError.__subclasses__()}
    assert listed == known | {("unexpected", "500")}


@pytest.mark.parametrize("name", re.findall(r"OutputKey=='(\w+)'", README))
def test_an_output_that_is_asked_for_exists(stack: Expanded, name: str) -> None:
    assert name in stack.outputs


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z]+)\b`", README)) <= targets


@pytest.mark.parametrize("path", re.findall(r"`((?:events|handler|tests|local)/[\w/.-]+)`", README))
def test_a_path_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()
