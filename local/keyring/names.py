"""How a key is called where it must not be shown: in tables, in questions, on the command line."""

import hashlib
from datetime import datetime

from alipay_gateway.keys import PublicKey, parse_public_key


def aes_name(raw: bytes) -> str:
    """Eight hex digits of a hash. An AES key is random, and 32 bits of a hash leave 2^96 keys to choose from at least:
    the name tells two keys apart, and nobody who knows it knows the key."""
    return hashlib.sha256(b"alipay-gateway: the name of an AES key\0" + raw).hexdigest()[:8]


def identity(text: str) -> tuple[str, str]:
    """Fingerprint and SN of a public key, the SN empty without a certificate; of what is no key, the text itself."""
    try:
        key = parse_public_key(text)
    except ValueError:
        return text, ""
    return key.fingerprint, key.sn


def days_left(key: PublicKey, now: datetime) -> int | None:
    """Until the certificate expires, whole days, negative afterwards; None without a certificate."""
    return (key.not_after - now).days if key.not_after else None


def expiry(days: int) -> str:
    return f"{days} days left" if days >= 0 else f"expired {-days} days ago"


def public_key_line(key: PublicKey, now: datetime) -> str:
    days = days_left(key, now)
    kind = f"{key.rsa.key_size} bits" if days is None else f"certificate SN {key.sn}, {expiry(days)}"
    return f"key {key.fingerprint} ({kind})"


def aes_key_line(raw: bytes) -> str:
    return f"AES key {aes_name(raw)} ({len(raw) * 8} bits)"
