"""From the gateway's verdict to the findings that explain it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from alipay_gateway.errors import (
    BadSignature,
    CannotDecrypt,
    KeyringUnavailable,
    MalformedRequest,
    MessageTooLarge,
    OutsideReplayWindow,
    SignTypeRefused,
    UnknownApp,
    UnknownCertificate,
)
from alipay_gateway.keyring import EXPIRY_NOTICE_DAYS
from alipay_gateway.text import codecs_of
from local.doctor import request_causes
from local.doctor.case import Case, Finding
from local.doctor.signature_causes import why_not_verified


@dataclass(frozen=True)
class Diagnosis:
    """`findings` explain why the gateway refuses the request; `warnings` are about one that it takes, or would.

    `repaired` is the case of the request with the damage undone, when that could be done.
    """

    findings: list[Finding]
    warnings: list[Finding]
    repaired: Case | None = None

    @property
    def healthy(self) -> bool:
        return not self.findings


def diagnose(case: Case) -> Diagnosis:
    """Healthy is only what the gateway accepts."""
    if case.capture.without_parameters:
        return Diagnosis([Finding("log_without_parameters")], [])
    warnings = list(_warnings(case))
    if case.verdict.error is None:
        return Diagnosis([], warnings)
    findings, repaired = _why_refused(case)
    if repaired is not None and repaired.verdict.error and not isinstance(repaired.verdict.error, BadSignature):
        told = {finding.cause for finding in findings}
        findings += [finding for finding in _why_refused(repaired)[0] if finding.cause not in told]
    return Diagnosis(findings, warnings, repaired)


def _why_refused(case: Case) -> tuple[list[Finding], Case | None]:
    error = case.verdict.error
    if isinstance(error, BadSignature):
        return why_not_verified(case)
    no_request = isinstance(error, MalformedRequest) and case.verdict.receipt.request is None
    if no_request or isinstance(error, UnknownApp | UnknownCertificate | SignTypeRefused):
        findings, repaired = _damaged(case)
        if repaired is not None:
            form = [request_causes.not_a_request(case)] if no_request else []
            told = {finding.cause for finding in form}
            return [*form, *(finding for finding in findings if finding.cause not in told)], repaired
    if no_request:
        return [request_causes.not_a_request(case)], None
    return _EXPLANATIONS.get(type(error), _unexpected)(case), None


def _damaged(case: Case) -> tuple[list[Finding], Case | None]:
    """What is refused before its signature is looked at may have been damaged all the same: if so, how."""
    try:
        findings, repaired = why_not_verified(case)
    except KeyringUnavailable:
        return [], None
    return findings, repaired if repaired and repaired.parameters != case.parameters else None


def _keyring_broken(case: Case) -> list[Finding]:
    try:
        entry = case.apps.get(case.raw("app_id"))
    except KeyringUnavailable as error:
        return [Finding("keyring_unreadable", {"reason": str(error)})]
    return [Finding("entry_broken", {"app_id": case.shown("app_id"), "reason": str(entry)})]


def _unexpected(case: Case) -> list[Finding]:
    return [Finding("unexpected", {"reason": type(case.verdict.error).__name__})]


_EXPLANATIONS: dict[type[Exception] | type[None], Callable[[Case], list[Finding]]] = {
    MalformedRequest: request_causes.unreadable,
    UnknownApp: request_causes.unknown_app,
    KeyringUnavailable: _keyring_broken,
    UnknownCertificate: request_causes.unknown_certificate,
    SignTypeRefused: request_causes.sign_type_refused,
    OutsideReplayWindow: request_causes.outside_window,
    CannotDecrypt: request_causes.not_decrypted,
    MessageTooLarge: request_causes.too_large,
}


def _warnings(case: Case) -> Iterator[Finding]:
    receipt = case.verdict.receipt
    if case.capture.decoded_query:
        yield Finding("decoded_query")
    if receipt.verified and (last := receipt.verified.keys.last_expiry):
        days = (last - datetime.fromtimestamp(case.now, UTC)).days
        if days < EXPIRY_NOTICE_DAYS:
            cause = "certificate_expired" if days < 0 else "certificate_expires"
            yield Finding(cause, {"date": f"{last:%Y-%m-%d}", "days": abs(days)})
    if receipt.conformity and receipt.conformity.mismatch:
        yield Finding("schema_invalid", {"mismatch": receipt.conformity.mismatch})
    if receipt.notification and codecs_of(case.raw("charset")) == ("gb18030",) and _is_utf8_text(case):
        yield Finding("charset_doubtful", {"charset": case.shown("charset")})


def _is_utf8_text(case: Case) -> bool:
    """Whether it is UTF-8 beyond ASCII: GBK text hardly ever is by chance."""
    signed = b"\n".join(value for name, value in case.parameters.items() if name != b"sign")
    try:
        return not signed.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False
