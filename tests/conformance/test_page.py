"""docs/conformance.md: what it says is so, and the gateway's column is as it should be."""

import re

import pytest

from local.conformance.__main__ import PAGE
from local.conformance.drivers import Driver, Sdks
from local.conformance.measurement import GATEWAY, Measurement, measure
from local.conformance.page import render
from local.conformance.rows import FORGED, GENUINE
from local.conformance.verdicts import Outcome, Verdict


@pytest.fixture(scope="module")
def measured(sdks: Sdks) -> Measurement:
    return measure(sdks)


def cells(page: str) -> set[tuple[str, str, str]]:
    """Row, column and what stands there, its notes left out."""
    found = set()
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        header, _, *rows = [re.split(r" ?\| ?", line.strip("| ")) for line in table.splitlines()]
        for name, *answers in rows:
            found |= {(name, column, re.sub(" <sup>.*", "", a)) for column, a in zip(header[1:], answers, strict=True)}
    return found


@pytest.mark.parametrize("row", GENUINE)
def test_the_gateway_verifies_all_that_is_genuine(measured: Measurement, row: str) -> None:
    assert measured.genuine[GATEWAY][row] == Verdict(Outcome.VERIFIED)


@pytest.mark.parametrize("row", FORGED)
def test_the_gateway_refuses_all_that_is_not(measured: Measurement, row: str) -> None:
    assert measured.forged[GATEWAY][row] == Verdict(Outcome.REFUSED)


def test_the_page_is_what_the_command_writes(node: Driver, measured: Measurement) -> None:
    assert PAGE.read_text("utf-8") == render(measured), "Run `make conformance`"


def test_the_page_says_what_was_measured_of_the_sdks_that_are_here(measured: Measurement) -> None:
    assert cells(render(measured)) <= cells(PAGE.read_text("utf-8")), "Run `make conformance`"
