"""What the SDKs sign, and in how many ways."""

import pytest

from local.alipay import Convention
from local.conformance.deliveries import APP_ID, SENT_MS
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED, Message

MESSAGES = [pytest.param(message, id=message.msg_method) for message in (OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED)]
CHARSETS = ["UTF-8", "GBK", "GB2312", "GB18030"]
CONVENTIONS = [pytest.param(convention, id=convention) for convention in Convention]
SIGN_TYPES = ["RSA2", "RSA"]
AES_BITS = [128, 192, 256]


def parameters_of(
    message: Message, *, charset: str = "UTF-8", sign_type: str = "RSA2", **further: str
) -> dict[str, str]:
    """A version 1.1 notification of the message, not signed yet."""
    return {
        "notify_id": "ac05099524730693a8b330c5ecf72da9786",
        "utc_timestamp": str(SENT_MS),
        "msg_method": message.msg_method,
        "app_id": APP_ID,
        "version": "1.1",
        "biz_content": message.biz_content,
        "charset": charset,
        "sign_type": sign_type,
        **further,
    }


def signed_part(parameters: dict[str, str], convention: Convention) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if convention is Convention.V2 or name != "sign_type"}
