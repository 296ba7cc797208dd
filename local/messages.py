"""Messages as Alipay writes them: white space, key order and `10.00` included."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """A message's name and its plain biz_content."""

    msg_method: str
    biz_content: str


@dataclass(frozen=True)
class FlatMessage:
    """A version 1.0 notification's name and the business fields that lie flat beside the common parameters."""

    notify_type: str
    fields: Mapping[str, str]

    @property
    def data(self) -> str:
        """The fields as the JSON that subscribers receive."""
        return json.dumps(dict(self.fields), ensure_ascii=False, separators=(",", ":"))


OPERATION_RESULT = Message(
    "alipay.open.sp.operation.result.notify",
    '{"operate_type":"account_bind","batch_no":"20202314234243","out_biz_no":"2020124234523465636345634",'
    '"handle_status":"success","merchant_no":"2088102165945162","bind_user_id":"2088202961712733"}',
)

ORDER_SETTLE = Message(
    "alipay.trade.order.settle.notify",
    """{
"out_request_no":"20210727001",
"settle_no":"20210706002530020036530021395831",
"operation_dt":"2021-07-30 11:59:17",
"royalty_detail_list":[{
"operation_type":"transfer",
"execute_dt":"2021-07-30 12:00:00",
"trans_out":"2088102165945162",
"trans_out_type":"userId",
"trans_in":"2088202961712733",
"trans_in_type":"userId",
"amount":10.00,
"state":"SUCCESS"
},{
"operation_type":"transfer",
"execute_dt":"2021-07-30 12:00:01",
"trans_out":"2088102165945162",
"trans_out_type":"userId",
"trans_in":"2088302384317411",
"trans_in_type":"userId",
"amount":0.50,
"state":"FAIL",
"error_code":"TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH",
"error_desc":"分账余额不足"
}]
}""",
)

SHOP_REJECTED = Message(
    "ant.merchant.expand.shop.save.rejected",
    """{
"order_id":"2018011900502000000005124744",
"reason":"资料有问题,拒绝",
"shop_id":"2020081400077000000001112602",
"shop_name":"支付宝(西溪路店)",
"out_biz_no":"0001119901210328000565010000",
"store_id":"NO0001"
}""",
)

PAYMENT = FlatMessage(
    "trade_status_sync",
    {
        "trade_no": "2021073022001456781000123456",
        "out_trade_no": "20210730-0001",
        "trade_status": "TRADE_SUCCESS",
        "subject": "西湖龙井 & 茶点",
        "total_amount": "88.80",
        "receipt_amount": "88.80",
        "buyer_id": "2088102165945162",
        "seller_id": "2088202961712733",
        "gmt_create": "2021-07-30 11:59:40",
        "gmt_payment": "2021-07-30 12:00:04",
        "fund_bill_list": '[{"amount":"88.80","fundChannel":"ALIPAYACCOUNT"}]',
        "passback_params": "",
    },
)
