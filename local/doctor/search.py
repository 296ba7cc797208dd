"""Finds out how a content differs from the one that was signed: damages are undone until the digest fits.

The simplest explanation comes first: nothing, then one damage, then two.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product

from alipay_gateway.signature import signing_contents
from local.doctor.damages import SINGLE_REPAIRS, VALUE_REPAIRS, rewritten_json
from local.doctor.opening import Opened
from local.doctor.reading import Parameters, known_names, other_readings, read

MAX_BYTES_HASHED = 400_000_000
_LIKELY_VALUES = {
    b"sign_type": (b"RSA2", b"RSA", b"rsa2"),
    b"charset": (b"UTF-8", b"utf-8", b"GBK", b"gbk", b"GB2312", b"gb2312"),
    b"version": (b"1.1", b"1.0"),
    b"encrypt_type": (b"AES",),
    b"msg_type": (b"sys", b"usr", b"app"),
}


@dataclass(frozen=True)
class Candidate:
    """Parameters as they may have been signed, and the causes that had to be undone to get there."""

    causes: tuple[str, ...]
    parameters: Parameters


@dataclass(frozen=True)
class Match:
    """What was signed."""

    causes: tuple[str, ...]
    parameters: Parameters
    convention: str


def find_signed(part: bytes, opened: Iterable[Opened]) -> tuple[Match | None, int]:
    """The content that is in one of the opened signatures, if it can be found; and how many were tried."""
    signatures = list(opened)
    tried = hashed = 0
    for candidate in candidates(part):
        for convention, content in signing_contents(candidate.parameters):
            tried, hashed = tried + 1, hashed + len(content)
            if any(each.is_of(content) for each in signatures):
                return Match(candidate.causes, candidate.parameters, convention), tried
        if hashed > MAX_BYTES_HASHED:
            break
    return None, tried


def candidates(part: bytes) -> Iterator[Candidate]:
    """From the part as it is to two damages undone."""
    as_is = Candidate((), read(part))
    readings = [Candidate((cause,), parameters) for cause, parameters in other_readings(part)]
    repaired = list(_value_repairs(as_is))
    yield as_is
    # The gateway refuses a repeated parameter: what explains it needs no other explanation.
    yield from (reading for reading in readings if reading.causes == ("duplicate_parameter",))
    yield from chain(repaired, _single_repairs(as_is), _edits(as_is), readings)
    for reading in readings:
        yield from chain(_value_repairs(reading), _single_repairs(reading), _edits(reading))
    for once in repaired:
        yield from chain(_value_repairs(once), _edits(once))
    yield from _pairs(as_is)


def _value_repairs(of: Candidate) -> Iterator[Candidate]:
    for cause, repairs in VALUE_REPAIRS.items():
        for repair in repairs:
            try:
                parameters = {
                    name: value if name == b"sign" else repair(value) for name, value in of.parameters.items()
                }
            except ValueError:
                continue
            yield from _changed(of, cause, parameters)


def _single_repairs(of: Candidate) -> Iterator[Candidate]:
    for name, value in of.parameters.items():
        for cause, repairs in SINGLE_REPAIRS.items():
            for repair in repairs:
                try:
                    yield from _changed(of, cause, of.parameters | {name: repair(value)})
                except ValueError:
                    continue
    if b"biz_content" in of.parameters:
        for text in rewritten_json(of.parameters[b"biz_content"]):
            yield from _changed(of, "reserialised", of.parameters | {b"biz_content": text})


def _edits(of: Candidate) -> Iterator[Candidate]:
    for cause, parameters in chain(_without(of.parameters, 1), _with(of.parameters), _other_values(of.parameters)):
        yield from _changed(of, cause, parameters)
    unknown = of.parameters.keys() - known_names()
    kept = {name: value for name, value in of.parameters.items() if name not in unknown}
    yield from _changed(of, "added_parameter", kept)


def _pairs(of: Candidate) -> Iterator[Candidate]:
    for cause, parameters in _without(of.parameters, 2):
        yield from _changed(of, cause, parameters)
    blank = sorted(known_names() - of.parameters.keys())
    for one, other in combinations(blank, 2):
        yield from _changed(of, "dropped_blank", of.parameters | {one: b"", other: b""})
    for (first, gone), (second, more) in product(_without(of.parameters, 1), _with(of.parameters)):
        both = {name: value for name, value in more.items() if name in gone or name not in of.parameters}
        yield Candidate((*of.causes, first, second), both)


def _without(parameters: Parameters, count: int) -> Iterator[tuple[str, Parameters]]:
    # Unknown names first: those are what others add.
    names = sorted(parameters.keys() - {b"sign"}, key=lambda name: name in known_names())
    for gone in combinations(names, count):
        yield "added_parameter", {name: value for name, value in parameters.items() if name not in gone}


def _with(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    for name in sorted(known_names() - parameters.keys()):
        yield "dropped_blank", parameters | {name: b""}
        for value in _LIKELY_VALUES.get(name, ()):
            yield "dropped_parameter", parameters | {name: value}


def _other_values(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    for name in parameters.keys() & _LIKELY_VALUES.keys():
        for value in _LIKELY_VALUES[name]:
            yield "changed_parameter", parameters | {name: value}


def _changed(of: Candidate, cause: str, parameters: Parameters) -> Iterator[Candidate]:
    if parameters != of.parameters:
        yield Candidate(tuple(dict.fromkeys((*of.causes, cause))), parameters)
