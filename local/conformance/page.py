"""docs/conformance.md, put together from what was measured."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from local.conformance import environments
from local.conformance.measurement import ALIPAY_SDK_PYTHON, NODE, PYTHON_ALIPAY_SDK, Measurement
from local.conformance.notes import WAYS, note_on, note_on_sn
from local.conformance.verdicts import Outcome, Verdict

Cell = TypeVar("Cell")

_HEAD = """\
# Conformance · 一致性

What this gateway and the usual SDKs make of the same notifications. `make conformance` measures it and writes this
page; a test fails when it is out of date.

| SDK | version | registry |
|---|---|---|
| {node} | {node_version} | npm, Alipay's own |
| {official} | {official_version} | PyPI, Alipay's own |
| {community} | {community_version} | PyPI, not Alipay's |

## Method

A simulated Alipay signs under keys made for the occasion. The gateway reads each request as API Gateway hands it over.
Each SDK runs in a process of its own, used as its documentation says, in the most usual web framework:

- **{node}**: the object that Express's `urlencoded()` gives, to `checkNotifySign`, else to `checkNotifySignV2`;
  ciphertext to `aesDecrypt`.
- **{official}**: the dict of Flask's `request.form`, without `sign` and `sign_type`, to `get_sign_content`; that in
  UTF-8 to `verify_with_rsa`; ciphertext to `decrypt_content`. The SDK's documentation says nothing of notifications:
  this is how its users do it.
- **{community}**: the dict of Flask's `request.form`, `sign` popped, to `verify` of `AliPay(…, sign_type=…)`, in
  certificate mode of `DCAliPay(…)`.

*Yes* means to the letter too: the text that the user gets is the text that Alipay signed. A note says what more that
takes, or why it fails.

"""
_AFTER_SN = """\
{official} knows no certificates. Alipay's own authority is named as in the first row. Alipay's SDK for Java writes the
name as Java does (`X500Principal.getName()`): its SN is the gateway's in every row but the last.
"""


def render(measured: Measurement) -> str:
    """The page. Raises KeyError when a cell that is not the right answer has no note."""
    notes: list[str] = []

    def marked(word: str, note: str) -> str:
        if not note:
            return word
        if note not in notes:
            notes.append(note)
        return f"{word} <sup>{notes.index(note) + 1}</sup>"

    def genuine(row: str, column: str, verdict: Verdict) -> str:
        if verdict.outcome is Outcome.VERIFIED:
            return marked("yes", WAYS[verdict.way] if verdict.way else "")
        return marked("no" if verdict.outcome is Outcome.REFUSED else "not decrypted", note_on(row, column))

    def forged(row: str, column: str, verdict: Verdict) -> str:
        return "refused" if verdict.outcome is Outcome.REFUSED else marked("**accepted**", note_on(row, column))

    def same_sn(row: str, column: str, same: bool) -> str:  # noqa: FBT001
        return "the same" if same else marked("another", note_on_sn(row, column))

    tables = [
        _table("Genuine: is it verified?", "notification", measured.genuine, genuine),
        _table("Not genuine: is it refused?", "request", measured.forged, forged),
        _table(
            "`alipay_cert_sn`: the SN that the gateway computes?",
            "issuer of the certificate",
            measured.same_sn,
            same_sn,
        ),
        _AFTER_SN.format(official=ALIPAY_SDK_PYTHON),
    ]
    numbered = "".join(f"{number}. {note}\n" for number, note in enumerate(notes, start=1))
    return _head() + "\n".join(tables) + "\n## Notes\n\n" + numbered


def _table(
    title: str, subject: str, columns: Mapping[str, Mapping[str, Cell]], text: Callable[[str, str, Cell], str]
) -> str:
    rows = next(iter(columns.values()))
    lines = [f"| {subject} | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for row in rows:
        cells = (text(row, column, found[row]) for column, found in columns.items())
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def _head() -> str:
    node = json.loads(environments.ALIPAY_SDK_NODE.read_text("utf-8"))
    return _HEAD.format(
        node=NODE,
        official=ALIPAY_SDK_PYTHON,
        community=PYTHON_ALIPAY_SDK,
        node_version=node["packages"]["node_modules/alipay-sdk"]["version"],
        official_version=_pinned(ALIPAY_SDK_PYTHON),
        community_version=_pinned(PYTHON_ALIPAY_SDK),
    )


def _pinned(package: str) -> str:
    """The version in the file of pins that has the package's name."""
    pins = (environments.SDKS / f"{package}.txt").read_text("utf-8")
    return next(re.finditer(rf"^{package}==(\S+)", pins, re.MULTILINE))[1]
