"""Requests that Alipay did not send, though it signed something like them, or that it was not allowed to sign so."""

import json
from dataclasses import replace
from urllib.parse import quote

from local.alipay import Convention, SimulatedAlipay
from local.conformance.deliveries import PAYMENT, Delivery, plain, signed
from local.messages import ORDER_SETTLE, SHOP_REJECTED


def tampered(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    dearer = ORDER_SETTLE.biz_content.replace("10.00", "90.00")
    return plain(signed(alipay, ORDER_SETTLE.biz_content).with_parameter("biz_content", dearer))


def escaped_again(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    """What was signed as `10.00` arrives as the text `%31%30.00`."""
    return plain(alipay.sign(PAYMENT).with_parameter("total_amount", "%31%30.00"))


def sign_type_not_allowed(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    return plain(signed(alipay, SHOP_REJECTED.biz_content, sign_type="RSA"))


def without_sign(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    return plain(signed(alipay, SHOP_REJECTED.biz_content).without("sign"))


def named_twice(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    delivery = plain(signed(alipay, SHOP_REJECTED.biz_content))
    return replace(delivery, body=f"{delivery.body}&biz_content={quote(json.dumps({'shop_name': '别的店'}))}")


def cut_elsewhere(alipay: SimulatedAlipay, _sn: str) -> Delivery:
    """V2's signed content holds `notify_id=…&sign_type=RSA2&`; here all of that is the notify_id of a V1."""
    notification = signed(alipay, SHOP_REJECTED.biz_content, convention=Convention.V2)
    notify_id = notification.parameters["notify_id"]
    return plain(notification.with_parameter("notify_id", f"{notify_id}&sign_type=RSA2"))
