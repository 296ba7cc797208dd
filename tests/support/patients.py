"""Requests of the simulated Alipay, each damaged in one way, and what the doctor must find."""

import base64
import html
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlencode

from local.alipay import Convention, SignedNotification, SimulatedAlipay
from local.events import http_api_event
from local.messages import OPERATION_RESULT, ORDER_SETTLE, PAYMENT, SHOP_REJECTED, Message

APP, OTHER_APP = "2014060600164699", "2014060600164700"
TEXTS = ("分账余额不足", "资料有问题", "西湖龙井", "2088102165945162", "2020081400077000000001112602")
"""What biz_content and payments hold, and no report may."""


@dataclass(frozen=True)
class Cast:
    """Who sends: the app's Alipay, another app's, and one in certificate mode (for the same app)."""

    alipay: SimulatedAlipay
    other: SimulatedAlipay
    certified: SimulatedAlipay
    expired: SimulatedAlipay

    def keyring(self) -> dict[str, Any]:
        """What the gateway holds when all is well."""
        return {APP: self.alipay.keyring_entry(), OTHER_APP: self.other.keyring_entry()}

    def message(self, message: Message = ORDER_SETTLE, **options: Any) -> SignedNotification:
        """A notification to the app."""
        return self.alipay.notification(**{"app_id": APP, **vars(message), **options})

    def payment(self, charset: str = "UTF-8", **fields: str) -> SignedNotification:
        """A flat notification to the app."""
        merged = {**PAYMENT.fields, **fields}
        return self.alipay.flat_notification(
            app_id=APP, notify_type=PAYMENT.notify_type, fields=merged, charset=charset
        )


Keyring = Callable[[Cast], dict[str, Any]]


@dataclass(frozen=True)
class Patient:
    """`request` is what was captured; `finds` the causes in the order told, `en` and `zh` words of the diagnosis."""

    name: str
    request: Callable[[Cast], bytes]
    finds: tuple[str, ...]
    en: str
    zh: str
    keyring: Keyring = Cast.keyring
    options: Mapping[str, Callable[[Cast], str]] = field(default_factory=dict)


def _entry(**members: Any) -> Keyring:
    return lambda cast: cast.keyring() | {APP: cast.alipay.keyring_entry() | members}


def _only(entry: Callable[[Cast], Any]) -> Keyring:
    return lambda cast: {APP: entry(cast), OTHER_APP: cast.other.keyring_entry()}


def _fields(notification: SignedNotification, codec: str = "utf-8") -> dict[str, str]:
    """The parameters as text that was read in a charset, rightly or not."""
    codec_of_form = "gb18030" if notification.charset == "GBK" else "utf-8"
    return {
        name: value.encode(codec_of_form).decode(codec, "replace") for name, value in notification.parameters.items()
    }


def _form(parameters: Mapping[str, str], codec: str = "utf-8") -> bytes:
    return urlencode(parameters, encoding=codec).encode()


def _changed(notification: SignedNotification, name: str, change: Callable[[str], str]) -> bytes:
    codec = "gb18030" if notification.charset == "GBK" else "utf-8"
    return _form({**notification.parameters, name: change(notification.parameters[name])}, codec)


def _event(part: bytes, **headers: str) -> bytes:
    body = base64.b64encode(part).decode()
    return json.dumps({"version": "2.0", "headers": headers, "body": body, "isBase64Encoded": True}).encode()


def _cut_event(cast: Cast) -> bytes:
    form = cast.message().form()
    return _event(form[:-60], **{"Content-Length": str(len(form))})


def _cut_base64(cast: Cast) -> bytes:
    event = http_api_event(cast.message(), received_ms=int(time.time() * 1000))
    return json.dumps(event | {"body": event["body"][:-41]}).encode()


def _lossy_json(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def _wrongly_declared(cast: Cast) -> bytes:
    """Bytes of GBK, signed as such, that call themselves UTF-8."""
    gbk = cast.alipay.notification(app_id=APP, **vars(SHOP_REJECTED), charset="GBK", extra={"charset": "UTF-8"})
    return gbk.form()


def _sha1_called_rsa2(cast: Cast) -> bytes:
    sha1 = cast.message(sign_type="RSA").parameters
    return _form({**sha1, "sign_type": "RSA2"})


def _not_a_border(cast: Cast) -> bytes:
    return cast.payment(subject="tea&trade_no=1").form()


def _now(hours: float) -> dict[str, Callable[[Cast], str]]:
    return {"--now": lambda _: str(int((time.time() + hours * 3600) * 1000))}


def _plus_payment(cast: Cast) -> SignedNotification:
    return cast.payment(passback_params="a+b+c")


def _encrypted(cast: Cast, **options: Any) -> SignedNotification:
    return cast.message(SHOP_REJECTED, encrypt=True, **options)


PATIENTS = [
    # ── keys
    Patient(
        "another app's key",
        lambda cast: cast.message().form(),
        ("key_of_other_app",),
        f"the keyring has for app {OTHER_APP}",
        f"它属于应用 {OTHER_APP}",
        lambda cast: {APP: cast.other.keyring_entry(), OTHER_APP: cast.alipay.keyring_entry()},
    ),
    Patient(
        "unknown app",
        lambda cast: cast.message(app_id="2099000000000001").form(),
        ("unknown_app", "key_of_other_app"),
        "no app 2099000000000001",
        "没有应用 2099000000000001",
    ),
    Patient(
        "no app_id",
        lambda cast: cast.message().without("app_id").form(),
        ("no_app_id", "key_of_other_app"),
        "no app_id",
        "没有 app_id",
    ),
    Patient(
        "a private key in the entry",
        lambda cast: cast.message().form(),
        ("entry_broken",),
        "holds a private key",
        "条目有误",
        _only(lambda cast: {"alipay_public_keys": [cast.alipay.private_pem().decode()]}),
    ),
    Patient(
        "the keyring is no object",
        lambda cast: cast.message().form(),
        ("keyring_unreadable",),
        "not a JSON object",
        "整个密钥库无法读取",
        lambda _: [],  # type: ignore[arg-type,return-value]
    ),
    Patient(
        "应用公钥, perhaps",
        lambda cast: cast.message().form(),
        ("no_key_signed",),
        "应用公钥 (the application's own public key)",
        "把应用公钥当作支付宝公钥",
        lambda cast: {APP: cast.certified.with_key_only().keyring_entry()},
    ),
    Patient(
        "应用公钥, proved by the private key",
        lambda cast: cast.message().form(),
        ("application_key_in_keyring",),
        "Proved",
        "已证实",
        lambda cast: {APP: cast.other.keyring_entry()},
        {"--app-private-key": lambda cast: cast.other.private_pem().decode()},
    ),
    Patient(
        "应用公钥, proved by the public key",
        lambda cast: cast.message().form(),
        ("application_key_in_keyring",),
        "application's own public key",
        "是应用公钥,不是支付宝公钥",
        lambda cast: {APP: cast.other.keyring_entry()},
        {"--app-public-key": lambda cast: cast.other.public_key},
    ),
    Patient(
        "not 应用公钥",
        lambda cast: cast.message().form(),
        ("no_key_signed_nor_application",),
        "is neither in its entry nor the signer",
        "并非误填应用公钥",
        lambda cast: {APP: cast.other.keyring_entry()},
        {"--app-public-key": lambda cast: cast.expired.public_key},
    ),
    Patient(
        "signed by the application",
        lambda cast: cast.message().form(),
        ("signed_by_application",),
        "not by Alipay",
        "并非支付宝所签",
        lambda cast: {APP: cast.other.keyring_entry()},
        {"--app-private-key": lambda cast: cast.alipay.private_pem().decode()},
    ),
    Patient(
        "a certificate that the keyring lacks",
        lambda cast: cast.certified.notification(app_id=APP, **vars(ORDER_SETTLE)).form(),
        ("unknown_certificate",),
        "Certificate mode: the request names the certificate",
        "证书模式",
        _only(lambda cast: cast.expired.keyring_entry()),
    ),
    Patient(
        "another key than the certificate named",
        lambda cast: (
            cast.alipay.with_certificate(cast.certified.certificate)
            .notification(app_id=APP, **vars(ORDER_SETTLE))
            .form()
        ),
        ("other_certificate",),
        "another key of the app",
        "另一把密钥",
        _only(
            lambda cast: {
                "alipay_public_keys": [cast.certified.certificate, cast.alipay.with_certificate().certificate]
            }
        ),
    ),
    # ── the signature itself
    Patient(
        "RSA, not allowed",
        lambda cast: cast.message(sign_type="RSA").form(),
        ("sign_type_not_allowed",),
        "claims sign_type RSA (SHA-1)",
        "只允许:RSA2",
    ),
    Patient(
        "an unknown sign_type",
        lambda cast: cast.message(sign_type="RSA3").form(),
        ("sign_type_unknown",),
        "sign_type RSA3",
        "sign_type 为 RSA3",
    ),
    Patient(
        "no sign_type",
        lambda cast: cast.message().without("sign_type").form(),
        ("sign_type_missing",),
        "carries no sign_type",
        "没有 sign_type",
    ),
    Patient("SHA-1 that calls itself RSA2", _sha1_called_rsa2, ("hash_differs",), "over SHA-1", "实际使用的是 SHA-1"),
    Patient("no sign", lambda cast: cast.message().without("sign").form(), ("no_sign",), "no `sign`", "没有 `sign`"),
    Patient(
        "a sign of another size",
        lambda cast: SimulatedAlipay.generate(1024).notification(app_id=APP, **vars(ORDER_SETTLE)).form(),
        ("sign_size",),
        "128 bytes",
        "128 字节",
    ),
    Patient(
        "a sign that is no base64",
        lambda cast: _changed(cast.message(), "sign", lambda sign: f'"{sign}"'),
        ("sign_not_base64",),
        "is not base64",
        "不是有效的 base64",
    ),
    Patient(
        "a sign in lines",
        lambda cast: _changed(cast.message(), "sign", lambda sign: f"{sign[:76]}\n{sign[76:]}"),
        ("sign_line_breaks",),
        "line breaks",
        "换行",
    ),
    Patient(
        "a sign without its padding",
        lambda cast: _changed(cast.message(), "sign", lambda sign: sign.rstrip("=")),
        ("sign_padding",),
        "got lost",
        "丢失",
    ),
    # ── decoding
    Patient(
        "encoded twice",
        lambda cast: _form({name: quote(value) for name, value in cast.message().parameters.items()}),
        ("encoded_twice",),
        "Percent-encoded once too often",
        "百分号编码多了一次",
    ),
    Patient(
        "encoded as a whole",
        lambda cast: quote_plus(cast.message().form()).encode(),
        ("encoded_whole",),
        "The whole body was percent-encoded",
        "整个请求体又被百分号编码",
    ),
    Patient(
        "decoded twice",
        lambda cast: unquote_plus(
            cast.message(biz_content='{"text":"100%25 + %41&b=1"}').form().decode(), errors="strict"
        ).encode(),
        ("decoded_before",),
        "Decoded twice",
        "解码了两次",
    ),
    Patient(
        "a bare ampersand",
        lambda cast: cast.payment().form().replace(b"+%26+", b"+&+"),
        ("ampersand_raw",),
        "was not escaped",
        "未转义",
    ),
    Patient(
        "plus lost in a value",
        lambda cast: _plus_payment(cast).form().replace(b"a%2Bb%2Bc", b"a+b+c"),
        ("plus_lost",),
        "Plus signs became spaces in passback_params",
        "加号变成了空格",
    ),
    Patient(
        "plus lost in the ciphertext",
        lambda cast: _changed(_encrypted(cast), "biz_content", lambda text: text.replace("+", " ")),
        ("plus_lost",),
        "Plus signs became spaces in biz_content",
        "加号变成了空格",
    ),
    Patient(
        "plus for a space",
        lambda cast: _changed(cast.payment(), "gmt_create", lambda text: text.replace(" ", "+")),
        ("plus_for_space",),
        "Spaces became plus signs in gmt_create",
        "空格变成了加号",
    ),
    # ── charsets
    Patient(
        "GBK read as UTF-8",
        lambda cast: _form(_fields(cast.message(charset="GBK"), "utf-8")),
        ("text_lost",),
        "can't be repaired",
        "无法修复",
    ),
    Patient(
        "GBK converted to UTF-8",
        lambda cast: _form(cast.message(charset="GBK").parameters, "utf-8"),
        ("transcoded_to_utf8",),
        "Alipay signed GBK bytes",
        "支付宝对 GBK 字节签名",
    ),
    Patient(
        "UTF-8 converted to GBK",
        lambda cast: _form(cast.message().parameters, "gb18030"),
        ("transcoded_to_gbk",),
        "Alipay signed UTF-8 bytes",
        "支付宝对 UTF-8 字节签名",
    ),
    Patient(
        "GBK read as Latin-1",
        lambda cast: _form(_fields(cast.message(charset="GBK"), "latin-1")),
        ("read_as_latin1",),
        "Mojibake",
        "乱码",
    ),
    Patient(
        "UTF-8 read as Latin-1",
        lambda cast: _form(_fields(cast.message(), "latin-1")),
        ("read_as_latin1",),
        "ISO-8859-1",
        "乱码",
    ),
    Patient("a wrong declared charset", _wrongly_declared, ("charset_mismatch",), "reads as: GBK", "可读作:GBK"),
    Patient(
        "a charset that nobody reads",
        lambda cast: cast.message(extra={"charset": "Big5"}).form(),
        ("charset_unknown",),
        "the charset Big5",
        "charset Big5",
    ),
    # ── parameters and values
    Patient(
        "a parameter added",
        lambda cast: cast.message().form() + b"&tenant=7",
        ("added_parameter",),
        "did not sign: tenant",
        "未签名的参数:tenant",
    ),
    Patient(
        "two parameters added",
        lambda cast: b"JSESSIONID=1&" + cast.message(convention=Convention.V2).form() + b"&tenant=7",
        ("added_parameter",),
        "JSESSIONID, tenant",
        "JSESSIONID, tenant",
    ),
    Patient(
        "added, and decoded wrongly",
        lambda cast: _form({**_fields(cast.message(charset="GBK"), "gb18030"), "tenant": "7"}),
        ("transcoded_to_utf8", "added_parameter"),
        "did not sign",
        "未签名的参数",
    ),
    Patient(
        "a blank parameter dropped",
        lambda cast: cast.payment().without("passback_params").form(),
        ("dropped_blank",),
        "Blank parameters were dropped: passback_params",
        "空值参数被丢弃:passback_params",
    ),
    Patient(
        "two blank parameters dropped",
        lambda cast: cast.payment(body="").without("passback_params").without("body").form(),
        ("dropped_blank",),
        "body, passback_params",
        "空值参数被丢弃",
    ),
    Patient(
        "charset dropped",
        lambda cast: cast.message(charset="GBK").without("charset").form(),
        ("dropped_parameter",),
        "dropped: charset",
        "被丢弃:charset",
    ),
    Patient(
        "charset rewritten",
        lambda cast: _changed(cast.message(), "charset", str.lower),
        ("changed_parameter",),
        "The value of charset was changed",
        "charset 的值在签名之后被改动",
    ),
    Patient(
        "line ends",
        lambda cast: _changed(cast.message(), "biz_content", lambda text: text.replace("\n", "\r\n")),
        ("line_ends",),
        "Line ends were changed",
        "换行符被改动",
    ),
    Patient(
        "&not, in a request that was decoded too",
        lambda cast: html.unescape(unquote(cast.message().form().decode())).encode(),
        ("html_entities",),
        "HTML parser",
        "被 HTML 解析过",
    ),
    Patient(
        "&notify_id read as HTML",
        lambda cast: cast.message().form().replace(b"&notify_id", "¬ify_id".encode()),
        ("html_entities",),
        "`&notify_id` became `¬ify_id`",
        "`&notify_id` 变成了 `¬ify_id`",
    ),
    Patient(
        "&amp;",
        lambda cast: b"https://example.com/n?" + cast.message().form().replace(b"&", b"&amp;"),
        ("html_entities",),
        "HTML parser",
        "被 HTML 解析过",
    ),
    Patient(
        "HTML in values",
        lambda cast: _changed(cast.message(), "biz_content", html.escape),
        ("html_in_values",),
        "HTML-escaped",
        "HTML 转义",
    ),
    Patient(
        "backslashes",
        lambda cast: _changed(cast.message(), "biz_content", lambda text: text.replace('"', '\\"')),
        ("backslashes",),
        "Backslashes were added",
        "反斜杠",
    ),
    Patient(
        "trimmed",
        lambda cast: _changed(cast.payment(subject="tea "), "subject", str.strip),
        ("trimmed",),
        "White space was trimmed off subject",
        "subject 首尾的空白被裁掉",
    ),
    Patient(
        "biz_content written anew",
        lambda cast: _changed(cast.message(SHOP_REJECTED), "biz_content", _lossy_json),
        ("reserialised",),
        "parsed and written anew",
        "重新序列化",
    ),
    Patient(
        "biz_content written anew, with the digits of its amounts lost",
        lambda cast: _changed(cast.message(), "biz_content", lambda text: json.dumps(json.loads(text))),
        ("content_changed",),
        "variants compared",
        "已比对",
    ),
    Patient(
        "an amount changed",
        lambda cast: _changed(cast.message(), "biz_content", lambda text: text.replace("10.00", "90.00")),
        ("content_changed",),
        "The key is right",
        "密钥无误",
    ),
    Patient(
        "a parameter twice",
        lambda cast: cast.message().form() + b"&version=1.0",
        ("duplicate_parameter",),
        "there twice: version",
        "出现了两次:version",
    ),
    Patient("a moved border", _not_a_border, ("moved_border",), "cut up differently", "另行切分"),
    # ── cut off
    Patient("shorter than its Content-Length", _cut_event, ("cut_length",), "Content-Length announces", "被截断"),
    Patient("base64 cut off", _cut_base64, ("cut_base64",), "is base64, and it is not", "并非有效的 base64"),
    Patient(
        "cut in an escape",
        lambda cast: cast.message().form().partition(b"msg_method")[0].rstrip(b"&")[:-1],
        ("cut_escape",),
        "in the middle of an escape",
        "在转义序列中间被截断",
    ),
    Patient(
        "cut in biz_content",
        lambda cast: cast.message().form()[:200].rpartition(b"%")[0],
        ("cut_json",),
        "inside biz_content",
        "在 biz_content 内被截断",
    ),
    Patient(
        "cut in sign",
        lambda cast: cast.message().form().partition(b"sign=")[0] + b"sign=QUJDREVGR0hJSktM",
        ("cut_sign",),
        "inside `sign`",
        "在 `sign` 内被截断",
    ),
    Patient("JSON", lambda _: b'{"version": "2.0", "body": "{\\"a\\":1}"}', ("not_a_form",), "is no form", "不是表单"),
    # ── time
    Patient("too old", lambda cast: cast.message().form(), ("too_old",), "31 d", "31 d", options=_now(31 * 24 + 1)),
    Patient(
        "too old for a short retention",
        lambda cast: cast.message().form(),
        ("too_old",),
        "window is 2 d",
        "重放窗口为 2 d",
        options={**_now(49), "--retention-days": lambda _: "2"},
    ),
    Patient(
        "in the future",
        lambda cast: cast.message().form(),
        ("in_the_future",),
        "in the future",
        "发送时间在未来",
        options=_now(-30),
    ),
    Patient(
        "no time",
        lambda cast: cast.message(utc_timestamp=0, extra={"utc_timestamp": ""}).form(),
        ("not_readable",),
        "says when it was sent",
        "网关无法读取",
    ),
    # ── encryption
    Patient(
        "no AES key",
        lambda cast: _encrypted(cast).form(),
        ("no_aes_key",),
        "has no AES key",
        "没有 AES 密钥",
        _entry(aes_keys=[]),
    ),
    Patient(
        "a wrong AES key",
        lambda cast: _encrypted(cast).form(),
        ("wrong_aes_key",),
        "none of the 1 AES keys",
        "都无法把内容解密",
        _entry(aes_keys=[base64.b64encode(bytes(16)).decode()]),
    ),
    Patient(
        "another app's AES key",
        lambda cast: _encrypted(cast).form(),
        ("aes_key_of_other_app",),
        f"has for app {OTHER_APP}",
        f"应用 {OTHER_APP} 的 AES 密钥",
        lambda cast: {
            APP: cast.alipay.keyring_entry() | {"aes_keys": [base64.b64encode(bytes(16)).decode()]},
            OTHER_APP: cast.other.keyring_entry() | {"aes_keys": [cast.alipay.aes_key]},
        },
    ),
    Patient(
        "ciphertext damaged",
        lambda cast: _changed(_encrypted(cast), "biz_content", lambda text: text[:-3]),
        ("ciphertext_damaged",),
        "no whole base64",
        "不是完整的 base64",
    ),
    Patient(
        "plaintext in another charset",
        lambda cast: cast.alipay.notification(
            app_id=APP, **vars(SHOP_REJECTED), charset="GBK", encrypt=True, extra={"charset": "UTF-8"}
        ).form(),
        ("charset_in_ciphertext",),
        "the plaintext is not in the declared charset",
        "明文并非声明的字符集",
    ),
    # ── two things at once
    Patient(
        "a parameter added, and too old",
        lambda cast: cast.message().form() + b"&tenant=7",
        ("added_parameter", "too_old"),
        "did not sign: tenant",
        "重放窗口",
        options=_now(40 * 24),
    ),
]

HEALTHY: dict[str, Callable[[Cast], SignedNotification]] = {
    "V1": lambda cast: cast.message(OPERATION_RESULT),
    "V2, GBK": lambda cast: cast.message(charset="GBK", convention=Convention.V2),
    "AES": _encrypted,
    "flat": Cast.payment,
}
