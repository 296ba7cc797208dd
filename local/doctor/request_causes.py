"""Why a request is refused for other reasons than its signature."""

from datetime import UTC, datetime, timedelta

from alipay_gateway.encryption import decrypt
from alipay_gateway.errors import CannotDecrypt, MalformedRequest
from alipay_gateway.gateway import CLOCK_SKEW
from alipay_gateway.keys import AppKeys
from alipay_gateway.text import codecs_of
from local.doctor.case import Case, Finding, shown_names
from local.doctor.opening import HASHES, open_with_all, signatures_in
from local.doctor.reading import other_readings, repeated_names
from local.doctor.truncation import cut_off


def not_a_request(case: Case) -> Finding:
    """Why the gateway finds no signed parameters in it."""
    repeated = repeated_names(case.part)
    if case.capture.base64_is_broken:
        return Finding("cut_base64")
    if repeated and b"sign" in case.parameters:
        return Finding("duplicate_parameter", {"names": shown_names(repeated)})
    if b"sign" in case.parameters:
        return Finding("not_readable", {"reason": str(case.verdict.error)})
    return _without_sign(case)


def _without_sign(case: Case) -> Finding:
    for cause, parameters in other_readings(case.part):
        if b"sign" in parameters:
            return Finding(cause, {"names": "sign", "convention": "", "key": ""})
    if cut := cut_off(case):
        return cut
    if case.part.lstrip().startswith((b"{", b"<", b"--")):
        return Finding("not_a_form")
    return Finding("no_sign", {"names": shown_names(case.parameters) or "–"})


def unreadable(case: Case) -> list[Finding]:
    """Why a request that is genuine cannot be read as a notification."""
    if case.verdict.receipt.verified is None:
        return [Finding("moved_border")]
    try:
        codecs_of(case.raw("charset"))
    except MalformedRequest:
        return [Finding("charset_unknown", {"charset": case.shown("charset")})]
    error = str(case.verdict.error)
    if "declared charset" in error:
        signed = b"\n".join(value for name, value in case.parameters.items() if name != b"sign")
        fits = [name for name, codec in (("UTF-8", "utf-8"), ("GBK", "gb18030")) if _reads(signed, codec)]
        return [Finding("charset_mismatch", {"charset": case.shown("charset"), "fits": ", ".join(fits) or "–"})]
    return [Finding("not_readable", {"reason": error})]


def unknown_app(case: Case) -> list[Finding]:
    """The app is not in the keyring: is its key there, under another app_id?"""
    details = {"app_id": case.shown("app_id"), "apps": ", ".join(sorted(case.apps)) or "–"}
    findings = [Finding("unknown_app" if case.raw("app_id") else "no_app_id", details)]
    for _, signature in signatures_in(case.parameters.get(b"sign", b"")):
        if opened := open_with_all(signature, case.apps):
            key = {"key": opened[0].key.fingerprint, "apps": ", ".join(sorted({each.app_id for each in opened}))}
            return [*findings, Finding("key_of_other_app", details | key)]
    return findings


def unknown_certificate(case: Case) -> list[Finding]:
    """Which certificate the request names, and which ones the app has."""
    keys = case.keys.public_keys if case.keys else ()
    known = ", ".join(key.sn or f"key {key.fingerprint}" for key in keys)
    return [Finding("unknown_certificate", {"sn": case.shown("alipay_cert_sn"), "known": known})]


def sign_type_refused(case: Case) -> list[Finding]:
    """Which sign_type the request claims, and which ones the app allows."""
    claimed = case.shown("sign_type").upper()
    allowed = ", ".join(sorted(case.keys.sign_types)) if case.keys else ""
    details = {"claimed": claimed, "allowed": allowed, "hash": HASHES.get(claimed, "")}
    if not claimed:
        return [Finding("sign_type_missing", details)]
    return [Finding("sign_type_not_allowed" if claimed in HASHES else "sign_type_unknown", details)]


def outside_window(case: Case) -> list[Finding]:
    """How long ago it was sent, or how far in the future."""
    now, notification = datetime.fromtimestamp(case.now, UTC), case.verdict.receipt.notification
    sent = notification.sent_at if notification else now
    details = {
        "sent": f"{sent:%Y-%m-%d %H:%M:%S} UTC",
        "now": f"{now:%Y-%m-%d %H:%M:%S} UTC",
        "age": _long(abs(now - sent)),
        "limit": _long(CLOCK_SKEW if sent > now else timedelta(days=case.stores.retention_days)),
    }
    return [Finding("in_the_future" if sent > now else "too_old", details)]


def not_decrypted(case: Case) -> list[Finding]:
    """Verified, so the ciphertext is as it was sent: the key is the question, or what Alipay encrypted."""
    keys, ciphertext = case.keys, case.parameters.get(b"biz_content", b"")
    codecs = codecs_of(case.raw("charset"))
    count = {"count": len(keys.aes_keys) if keys else 0, "app_id": case.shown("app_id")}
    if not keys or not keys.aes_keys:
        return [Finding("no_aes_key", count)]
    if _decrypts(ciphertext, keys, ("utf-8",)) or _decrypts(ciphertext, keys, ("gb18030",)):
        return [Finding("charset_in_ciphertext", {"charset": case.shown("charset")})]
    for app_id, other in case.apps.items():
        if isinstance(other, AppKeys) and _decrypts(ciphertext, other, codecs):
            return [Finding("aes_key_of_other_app", {**count, "apps": app_id})]
    return [Finding("wrong_aes_key", count)]


def too_large(case: Case) -> list[Finding]:
    """By how much."""
    return [Finding("too_large", {"reason": str(case.verdict.error)})]


def _decrypts(ciphertext: bytes, keys: AppKeys, codecs: tuple[str, ...]) -> bool:
    try:
        return bool(decrypt(ciphertext, keys.aes_keys, codecs))
    except CannotDecrypt:
        return False


def _reads(raw: bytes, codec: str) -> bool:
    try:
        return bool(raw.decode(codec))
    except UnicodeDecodeError:
        return False


def _long(duration: timedelta) -> str:
    hours, seconds = divmod(int(duration.total_seconds()), 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h {seconds // 60} min"
