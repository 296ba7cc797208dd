"""What each command makes of a keyring. Nothing here reads or writes: a document comes in, another one goes out.

Every change ends in `_checked`: the function's own parser must find the changed app's entry in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from alipay_gateway.keys import AppKeys
from local.keyring.document import Document, Refusal
from local.keyring.names import aes_name, identity

KEYS, AES_KEYS, SIGN_TYPES = "alipay_public_keys", "aes_keys", "sign_types"


@dataclass(frozen=True)
class Change:
    """`after` is None when there is nothing to change. A warning is a sentence to read before saying yes."""

    after: Document | None
    warnings: tuple[str, ...] = ()


def add_app(
    document: Document,
    app_id: str,
    *,
    key: str,
    own_key: str = "",
    aes_keys: Sequence[str] = (),
    sign_types: Sequence[str] = (),
) -> Change:
    """`own_key` is the application's own public key (应用公钥), where it is known: `key` must be another one."""
    if app_id in document.entries:
        raise Refusal(f"App {app_id} is in the keyring already: use add-key, or remove-app first")
    if not app_id.isprintable() or not app_id or " " in app_id:
        raise Refusal("An app_id has no blanks or control characters: copy it from Alipay's console")
    after = document.with_strings(app_id, KEYS, [key])
    after = after.with_strings(app_id, AES_KEYS, aes_keys).with_strings(app_id, SIGN_TYPES, sign_types)
    return Change(_checked(document, after, app_id), _about_key(document, app_id, key, own_key))


def add_key(document: Document, app_id: str, *, key: str, own_key: str = "") -> Change:
    present = _present(document, app_id, KEYS)
    warnings = _about_key(document, app_id, key, own_key)
    if identity(key) in map(identity, present):
        return Change(None, (f"App {app_id} has this key already",))
    return Change(_checked(document, document.with_strings(app_id, KEYS, [*present, key]), app_id), warnings)


def retire_key(document: Document, app_id: str, *, name: str) -> Change:
    """Takes out the keys with this fingerprint, or the certificates with this SN."""
    present = _present(document, app_id, KEYS)
    kept = [key for key in present if not name or name.lower() not in identity(key)]
    if len(kept) == len(present):
        raise Refusal(f"App {app_id} has no key with this fingerprint or SN: see `list`")
    if not kept:
        raise Refusal(f"This is the last key of app {app_id}: add the new one first, or say remove-app")
    return Change(_checked(document, document.with_strings(app_id, KEYS, kept), app_id))


def add_aes_key(document: Document, app_id: str, *, aes_key: str) -> Change:
    present = _present(document, app_id, AES_KEYS)
    after = _checked(document, document.with_strings(app_id, AES_KEYS, [*present, aes_key]), app_id)
    *others, added = _usable(after, app_id).aes_keys
    return Change(None, (f"App {app_id} has this AES key already",)) if added in others else Change(after)


def retire_aes_key(document: Document, app_id: str, *, name: str) -> Change:
    present = _present(document, app_id, AES_KEYS)
    raw = _usable(document, app_id).aes_keys
    kept = [text for text, key in zip(present, raw, strict=True) if aes_name(key) != name.lower()]
    if len(kept) == len(present):
        raise Refusal(f"App {app_id} has no AES key with this name: see `list`")
    after = _checked(document, document.with_strings(app_id, AES_KEYS, kept), app_id)
    lost = f"App {app_id} has no AES key then: encrypted notifications will be answered `fail`"
    return Change(after, () if kept else (lost,))


def allow(document: Document, app_id: str, *, sign_type: str) -> Change:
    present = _present(document, app_id, SIGN_TYPES) or ["RSA2"]
    if sign_type in map(str.upper, present):
        return Change(None, (f"App {app_id} accepts {sign_type} already",))
    return Change(_checked(document, document.with_strings(app_id, SIGN_TYPES, [*present, sign_type]), app_id))


def disallow(document: Document, app_id: str, *, sign_type: str) -> Change:
    present = _present(document, app_id, SIGN_TYPES) or ["RSA2"]
    kept = [name for name in present if name.upper() != sign_type]
    if len(kept) == len(present):
        return Change(None, (f"App {app_id} does not accept {sign_type} as it is",))
    if not kept:
        raise Refusal(f"App {app_id} accepts nothing but {sign_type}: allow the other one first")
    return Change(_checked(document, document.with_strings(app_id, SIGN_TYPES, kept), app_id))


def remove_app(document: Document, app_id: str) -> Change:
    _present(document, app_id)
    return Change(document.without(app_id), (f"Every notification to app {app_id} will be refused then",))


def may_go_back(document: Document, previous: Document) -> None:
    """Raises Refusal when an app that differs is broken in the version before."""
    for app_id, keys in previous.apps.items():
        if isinstance(keys, str) and document.entries.get(app_id) != previous.entries[app_id]:
            raise Refusal(f"The entry of app {app_id} is broken in the version before: {keys}. Mend it in this one")


def _checked(before: Document, after: Document, app_id: str) -> Document:
    broken = after.apps[app_id]
    if isinstance(broken, str):
        advice = "" if app_id not in before.entries else ". Say remove-app, then add-app, if it was broken before"
        raise Refusal(f"The entry of app {app_id} would be broken: {broken}{advice}")
    return after


def _present(document: Document, app_id: str, name: str = "") -> list[str]:
    if app_id not in document.entries:
        raise Refusal("The keyring has no such app: see `list`, or say add-app")
    return document.strings(app_id, name) if name else []


def _usable(document: Document, app_id: str) -> AppKeys:
    keys = document.apps[app_id]
    if isinstance(keys, str):
        raise Refusal(f"The entry of app {app_id} is broken: {keys}")
    return keys


def _about_key(document: Document, app_id: str, key: str, own_key: str) -> tuple[str, ...]:
    fingerprint, sn = identity(key)
    if own_key and fingerprint == identity(own_key)[0]:
        raise Refusal("This is the application's own public key (应用公钥): copy Alipay's (支付宝公钥) instead")
    warnings = []
    for other, keys in document.apps.items():
        if isinstance(keys, str) or fingerprint not in {known.fingerprint for known in keys.public_keys}:
            continue
        if other == app_id:
            warnings.append(f"App {app_id} has the same key already, in another certificate or without one")
        else:
            warnings.append(
                f"App {other} has this key too. Alipay's key (支付宝公钥) differs from app to app: make sure that "
                "it is this app's, and neither the other's nor an application's own (应用公钥)"
            )
    if sn and app_id in x509.load_pem_x509_certificate(key.encode()).subject.rfc4514_string():
        warnings.append("The certificate is in the app's name: wanted is Alipay's, alipayCertPublicKey_RSA2.crt")
    return tuple(warnings)
