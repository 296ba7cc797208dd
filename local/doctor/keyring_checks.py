"""Whether the keyring of a stack is filled, and what is in it. No key is shown, only fingerprints."""

from collections.abc import Iterator
from datetime import UTC, datetime

from alipay_gateway.errors import KeyringUnavailable
from alipay_gateway.keyring import EXPIRY_NOTICE_DAYS
from alipay_gateway.keys import AppKeys, PublicKey, parse_keyring
from local.doctor.deployment import Deployment
from local.doctor.rows import Row, ok, problem, warning

_WHAT = "keyring 密钥库"


def keyring(deployment: Deployment) -> Iterator[Row]:
    """The secret as a whole, then a row for each app."""
    try:
        text = deployment.keyring()
    except KeyringUnavailable as error:
        yield problem(
            _WHAT,
            str(error),
            "Fill it: aws secretsmanager put-secret-value … (README). 尚无值时请先写入密钥库,并确认有读取权限。",
        )
        return
    try:
        apps = parse_keyring(text)
    except KeyringUnavailable as error:
        yield problem(_WHAT, str(error), "Make it one JSON object of apps (README). 改为以 app_id 为键的 JSON 对象。")
        return
    if not apps:
        yield problem(_WHAT, "It holds no app", "Add an app and its 支付宝公钥. 加入应用及其支付宝公钥。")
        return
    yield ok(_WHAT, f"apps: {len(apps)}")
    for app_id, entry in apps.items():
        yield from _app(f"  app {app_id}", entry)


def _app(what: str, entry: AppKeys | str) -> Iterator[Row]:
    if isinstance(entry, str):
        yield problem(what, f"broken entry: {entry}", "Mend the entry; only this app is refused. 修正该条目。")
        return
    keys = ", ".join(f"{key.fingerprint} ({key.rsa.key_size} bit)" for key in entry.public_keys)
    found = f"{keys}; {', '.join(sorted(entry.sign_types))}; AES keys: {len(entry.aes_keys)}"
    if "RSA" in entry.sign_types:
        yield warning(what, found, "RSA is SHA-1: set the app to RSA2 in the console. RSA 使用 SHA-1,请改用 RSA2。")
    else:
        yield ok(what, found)
    yield from (_certificate(key, key.not_after) for key in entry.public_keys if key.not_after)


def _certificate(key: PublicKey, not_after: datetime) -> Row:
    what, days = f"    certificate 证书 {key.sn[:8]}…", (not_after - datetime.now(UTC)).days
    if days < EXPIRY_NOTICE_DAYS:
        left = f"expires in {days} days" if days >= 0 else f"expired {-days} days ago"
        add = "Add the new certificate beside it, if it is not there. 若尚未加入新证书,请与旧证书并列加入。"
        return warning(what, f"SN {key.sn}, {left}", add)
    return ok(what, f"SN {key.sn}, {days} days left")
