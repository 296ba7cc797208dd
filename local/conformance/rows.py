"""The rows of the two tables: what occurs and must verify, and what must not."""

from local.conformance.deliveries import (
    Maker,
    beside_a_query,
    broken_escape,
    encrypted,
    flat,
    in_the_query,
    message,
    old_sign_type,
    raw_plus,
    v2,
    with_certificate,
)
from local.conformance.forgeries import (
    cut_elsewhere,
    escaped_again,
    named_twice,
    sign_type_not_allowed,
    tampered,
    without_sign,
)
from local.messages import SHOP_REJECTED

_SHOP = SHOP_REJECTED.biz_content

GENUINE: dict[str, Maker] = {
    "V1: `sign_type` is not signed": message(_SHOP),
    "V2: `sign_type` is signed": v2,
    "`sign` sent with its `+` raw": raw_plus,
    "a space in a value, sent as `+`": message('{"reason":"1 + 1 = 2, 不是 3"}'),
    "blank values": message(_SHOP, msg_uid="", msg_app_id=""),
    "a `%` that begins no escape": broken_escape,
    "a value that is itself percent-encoded": flat(passback_params="shop%3D%E8%A5%BF%E6%BA%AA"),
    "an emoji in UTF-8": message('{"shop_name":"咖啡☕🍰"}'),
    "GBK": message(_SHOP, "GBK"),
    "GB2312": message(_SHOP, "GB2312"),
    "GB18030": message(_SHOP, "GB18030"),
    "GB18030 with four-byte characters (𠮷, an emoji)": message('{"shop_name":"𠮷野家🍜"}', "GB18030"),
    "GBK declared, four-byte characters sent": message('{"shop_name":"𠮷野家🍜"}', "GBK"),
    "GB2312 declared, a character of GBK sent (镕)": message('{"shop_name":"镕记"}', "GB2312"),
    "AES, UTF-8: verified and decrypted": encrypted("UTF-8"),
    "AES, GBK: verified and decrypted": encrypted("GBK"),
    "`RSA` (SHA-1), for an app that allows it": old_sign_type,
    "`sign_type` in small letters, `rsa2`": message(_SHOP, sign_type="rsa2"),
    "version 1.0: flat, Chinese, blank fields, `&` and `=` in a value": flat(),
    "names that sort otherwise as `name=value` (`a`, `a1`)": flat(a="2", a1="1"),
    "`alipay_cert_sn`, signed": with_certificate(sn_is_signed=True),
    "`alipay_cert_sn`, not signed": with_certificate(sn_is_signed=False),
    "a query (`?tenant=…`) beside the signed body": beside_a_query,
    "all of it in the query, the body empty": in_the_query,
}

FORGED: dict[str, Maker] = {
    "a changed value": tampered,
    "a value percent-encoded once more": escaped_again,
    "signed with `RSA` (SHA-1), for an app that allows `RSA2` only": sign_type_not_allowed,
    "no `sign`": without_sign,
    "a parameter added a second time, with another value": named_twice,
    "V2 cut up otherwise: `notify_id` is `…&sign_type=RSA2`, read as V1": cut_elsewhere,
}
