"""Genuine notifications, as requests, in every way in which they occur."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from local.alipay import Convention, SignedNotification, SimulatedAlipay
from local.messages import SHOP_REJECTED

APP_ID = "2014060600164699"
SENT_MS = 1_627_617_605_000
PAYMENT = {
    "notify_type": "trade_status_sync",
    "notify_time": "2021-07-30 12:00:05",
    "notify_id": "ac05099524730693a8b330c5ecf72da9786",
    "app_id": APP_ID,
    "auth_app_id": APP_ID,
    "charset": "UTF-8",
    "version": "1.0",
    "sign_type": "RSA2",
    "subject": "苹果 & 梨 = 水果",
    "body": "",
    "total_amount": "10.00",
    "trade_status": "TRADE_SUCCESS",
}
"""A payment notification of version 1.0: its business fields lie flat beside the common ones."""

_COMMON = frozenset("notify_type notify_time notify_id app_id auth_app_id charset version sign_type sign".split())


@dataclass(frozen=True)
class Delivery:
    """A POST, and what is in it. `charset` is the one of its Content-Type."""

    body: str
    query: str = ""
    charset: str = "UTF-8"
    sign_type: str = "RSA2"
    """The one sign_type that the app allows."""
    biz_content: str = ""
    """The message in plain, to the letter; empty when the notification is flat."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """A flat notification's business fields."""
    encrypted: bool = False
    in_certificate_mode: bool = False

    @property
    def form(self) -> str:
        """The part that carries the notification."""
        return self.body or self.query


Maker = Callable[[SimulatedAlipay, str], Delivery]
"""Makes a delivery by an Alipay, given the SN of its certificate."""


def plain(notification: SignedNotification, biz_content: str = "") -> Delivery:
    """The notification as Alipay sends it. `biz_content` in plain, when it is encrypted in the notification."""
    parameters = notification.parameters
    return Delivery(
        body=notification.form().decode("ascii"),
        charset=notification.charset,
        biz_content=biz_content or parameters.get("biz_content", ""),
        fields={name: value for name, value in parameters.items() if name not in _COMMON},
        encrypted="encrypt_type" in parameters,
    )


def message(biz_content: str, charset: str = "UTF-8", **options: str) -> Maker:
    """A message of version 1.1. `options` are further parameters, signed."""

    def make(alipay: SimulatedAlipay, _sn: str) -> Delivery:
        return plain(signed(alipay, biz_content, charset=charset, extra=options))

    return make


def flat(**parameters: str) -> Maker:
    return lambda alipay, _sn: plain(alipay.sign({**PAYMENT, **parameters}))


def encrypted(charset: str) -> Maker:
    def make(alipay: SimulatedAlipay, _sn: str) -> Delivery:
        notification = signed(alipay, SHOP_REJECTED.biz_content, charset=charset, encrypt=True)
        return plain(notification, SHOP_REJECTED.biz_content)

    return make


def old_sign_type(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    return replace(plain(signed(alipay, SHOP_REJECTED.biz_content, sign_type="RSA")), sign_type="RSA")


def v2(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    return plain(signed(alipay, SHOP_REJECTED.biz_content, convention=Convention.V2))


def raw_plus(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    """`sign` as the documents print it. Base64 nearly always has a `+`; here it has for certain."""
    while "+" not in (notification := signed(alipay, SHOP_REJECTED.biz_content)).parameters["sign"]:
        pass
    delivery = plain(notification)
    unsigned, _, sign = delivery.body.rpartition("&sign=")
    return replace(delivery, body=f"{unsigned}&sign={sign.replace('%2B', '+')}")


def broken_escape(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    delivery = plain(signed(alipay, '{"reason":"折扣 100%,拒绝"}'))
    return replace(delivery, body=delivery.body.replace("100%25", "100%"))


def with_certificate(*, sn_is_signed: bool) -> Maker:
    def make(alipay: SimulatedAlipay, sn: str) -> Delivery:
        added = {"alipay_cert_sn": sn}
        notification = signed(alipay, SHOP_REJECTED.biz_content, extra=added if sn_is_signed else {})
        return replace(plain(notification.with_parameter("alipay_cert_sn", sn)), in_certificate_mode=True)

    return make


def beside_a_query(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    return replace(plain(signed(alipay, SHOP_REJECTED.biz_content)), query="tenant=7&channel=web")


def in_the_query(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    delivery = plain(signed(alipay, SHOP_REJECTED.biz_content))
    return replace(delivery, body="", query=delivery.body)


def signed(alipay: SimulatedAlipay, biz_content: str, **options: object) -> SignedNotification:
    given: dict[str, object] = {"utc_timestamp": SENT_MS, **options}
    make: Callable[..., SignedNotification] = alipay.notification
    return make(app_id=APP_ID, msg_method=SHOP_REJECTED.msg_method, biz_content=biz_content, **given)
