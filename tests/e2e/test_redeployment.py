"""What an operator changes in the running stack takes effect."""

from local.alipay import SimulatedAlipay, deliver
from local.demo import APP
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED
from local.services import Service, receive, subscribe
from local.stack import STATE, Stack, sam_deploy

NEW_METHOD = "alipay.marketing.voucher.used.notify"


def test_one_more_word_in_msg_methods_gives_the_message_a_topic_of_its_own(
    stack: Stack, alipay: SimulatedAlipay
) -> None:
    methods = [message.msg_method for message in (OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED)]
    sam_deploy(STATE / "e2e", int(stack.endpoint.rpartition(":")[2]), MsgMethods=",".join([*methods, NEW_METHOD]))
    queue = subscribe(stack, Service("vouchers", [NEW_METHOD]))

    notification = alipay.notification(app_id=APP, msg_method=NEW_METHOD, biz_content='{"voucher_id":"1"}')
    assert deliver(stack.gateway_url, notification).accepted

    assert len(receive(stack, queue, 1)) == 1
