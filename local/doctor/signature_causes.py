"""Why no key of the app verifies the signature."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from local.doctor.case import Case, Finding, shown_names
from local.doctor.opening import HASHES, Opened, open_with_all, opened_by, signatures_in
from local.doctor.reading import Parameters, other_readings
from local.doctor.search import Match, find_signed
from local.doctor.truncation import cut_off, sign_is_last

_REPLACEMENT = "�".encode()
_USUAL_SIZES = (64, 128, 256, 384, 512)
"""Of whole signatures, in bytes."""


def why_not_verified(case: Case) -> tuple[list[Finding], Case | None]:
    """The findings, and the case of the request repaired, when it could be."""
    signatures = list(signatures_in(_sign(case)))
    for cause, signature in signatures:
        if opened := open_with_all(signature, case.apps):
            return _with_key_known(case, cause, signature, opened)
    return _with_key_unknown(case, [signature for _, signature in signatures]), None


def _sign(case: Case) -> bytes:
    readings = [case.parameters, *(parameters for _, parameters in other_readings(case.part))]
    return next((reading[b"sign"] for reading in readings if b"sign" in reading), b"")


def _with_key_known(
    case: Case, sign_cause: str, signature: bytes, opened: Sequence[Opened]
) -> tuple[list[Finding], Case | None]:
    match, tried = find_signed(case.part, opened)
    repaired = _repaired(case, match.parameters | {b"sign": base64.b64encode(signature)}) if match else None
    as_meant = repaired or case
    first = next((each for each in opened if each.app_id == as_meant.raw("app_id")), opened[0])
    findings = [Finding(sign_cause, {"names": "sign"})] if sign_cause else []
    findings += _key(as_meant, first, {each.app_id for each in opened})
    if match is None:
        return [*findings, _content_unknown(case, first, tried)], None
    findings += _damages(case, match, first, {sign_cause})
    if not findings and case.raw("alipay_cert_sn"):
        findings = [Finding("other_certificate", {"sn": case.shown("alipay_cert_sn"), "key": first.key.fingerprint})]
    return findings, repaired


def _key(case: Case, opened: Opened, apps: set[str]) -> list[Finding]:
    """Whether the key is of this app, and the hash of this sign_type."""
    findings, claimed = [], case.shown("sign_type").upper()
    if case.raw("app_id") not in apps:
        others = {"apps": ", ".join(sorted(apps)), "key": opened.key.fingerprint, "app_id": case.shown("app_id")}
        findings.append(Finding("key_of_other_app", others))
    if opened.hash_name != HASHES.get(claimed, opened.hash_name):
        hashes = {"claimed": claimed, "expected": HASHES[claimed], "hash": opened.hash_name}
        findings.append(Finding("hash_differs", hashes))
    return findings


def _damages(case: Case, match: Match, opened: Opened, told: set[str]) -> list[Finding]:
    before, after = case.parameters, match.parameters
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    details = {
        "names": shown_names(names - {b"sign"}),
        "convention": match.convention,
        "key": opened.key.fingerprint,
    }
    return [Finding(cause, details) for cause in match.causes if cause not in told]


def _repaired(case: Case, parameters: Parameters) -> Case:
    event = {"body": urlencode(list(parameters.items())), "isBase64Encoded": False}
    return replace(case, capture=replace(case.capture, event=event, declared_length=None))


def _content_unknown(case: Case, opened: Opened, tried: int) -> Finding:
    """The key made the signature, and of nothing that we could put together."""
    lost = [name for name, value in case.parameters.items() if _REPLACEMENT in value]
    if lost:
        return Finding("text_lost", {"names": shown_names(lost), "charset": case.shown("charset")})
    if cut := cut_off(case):
        return cut
    if case.raw("encrypt_type") and len(case.raw("biz_content").strip()) % 4:
        return Finding("ciphertext_damaged", {"length": len(case.raw("biz_content"))})
    return Finding("content_changed", {"tried": tried, "key": opened.key.fingerprint})


def _with_key_unknown(case: Case, signatures: Sequence[bytes]) -> list[Finding]:
    keys = case.keys.public_keys if case.keys else ()
    sizes = sorted({key.rsa.key_size // 8 for key in keys})
    details = {
        "fingerprints": ", ".join(key.fingerprint for key in keys),
        "app_id": case.shown("app_id"),
        "length": len(signatures[0]) if signatures else len(_sign(case)),
        "sizes": ", ".join(map(str, sizes)),
    }
    if not signatures or len(signatures[0]) not in sizes:
        shorter = not signatures or len(signatures[0]) < max(sizes, default=0)
        if signatures and len(signatures[0]) in _USUAL_SIZES:
            return [Finding("sign_size", details)]
        if shorter and (cut := cut_off(case)):
            return [cut]
        if shorter and sign_is_last(case) and len(_sign(case)) < max(sizes, default=0) * 4 // 3:
            return [Finding("cut_sign", details)]
        return [Finding("sign_size" if signatures else "sign_not_base64", details)]
    return [_which_key(case, signatures[0], details)]


def _which_key(case: Case, signature: bytes, details: dict[str, object]) -> Finding:
    """A sound signature that no key of the keyring made: 应用公钥 in the place of 支付宝公钥, or another key."""
    own = case.application_key
    if own is None:
        return Finding("no_key_signed", details)
    details = {**details, "key": own.fingerprint}
    if opened_by(signature, "", own):
        return Finding("signed_by_application", details)
    if case.keys and own.fingerprint in {key.fingerprint for key in case.keys.public_keys}:
        return Finding("application_key_in_keyring", details)
    return Finding("no_key_signed_nor_application", details)
