"""The pages of docs/messages and the consumers' typed messages are what `make catalogue` makes of the schemas."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from local.catalogue import PAGES, ROOT, generated_files
from local.catalogue_model import Object, as_json, paths, read_catalogue
from local.catalogue_pages import page
from local.catalogue_python import python_module

FILES = generated_files()
MESSAGES = read_catalogue()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_the_committed_file_is_the_generated_one(path: Path) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == FILES[path], "run `make catalogue`"


def test_no_page_is_left_of_a_message_that_is_gone() -> None:
    assert {path.relative_to(ROOT) for path in (ROOT / PAGES).iterdir()} <= set(FILES)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_a_page_names_every_field_in_both_languages(message: Object) -> None:
    text = page(message)
    for path, field in paths(message):
        row = next(line for line in text.splitlines() if line.startswith(f"| `{path}` |"))
        assert field.meaning.en in row
        assert field.meaning.zh in row


def test_an_amount_is_printed_as_it_is_sent() -> None:
    assert '"amount": 10.00,' in page(next(m for m in MESSAGES if m.name == "alipay.trade.order.settle.notify"))


def test_json_is_indented_and_keeps_its_numbers() -> None:
    value = {"a": [], "b": {}, "c": [Decimal("10.00"), "中", None, True]}
    assert as_json(value) == '{\n  "a": [],\n  "b": {},\n  "c": [\n    10.00,\n    "中",\n    null,\n    true\n  ]\n}'


def test_two_definitions_of_one_name_are_refused() -> None:
    twice = [MESSAGES[0], replace(MESSAGES[0], title=MESSAGES[1].title)]
    with pytest.raises(ValueError, match="Two definitions have the same name"):
        python_module(twice)


def test_a_field_that_python_could_not_name_gets_an_underscore() -> None:
    field = replace(MESSAGES[0].fields[0], name="from")
    source = python_module([replace(MESSAGES[0], fields=(field,))])
    assert 'from_=fields.text("from")' in source
