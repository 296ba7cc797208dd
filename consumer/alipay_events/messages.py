"""The messages, typed. Made from the catalogue by `make catalogue`: change the schemas, not this module.

Fields have Alipay's names. Times are aware, in Beijing time (UTC+8); amounts are Decimal, in yuan. The values that a
field's type and docstring list are those known today; any other text is read as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, Self, TypeAlias

from .fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class AlipayOpenSpOperationResultNotify:
    """Result of an operation on a merchant's behalf · 服务商代运营操作结果通知

    Tells a service provider whether the merchant confirmed that the provider may operate for it, or that an
    account is bound.
    代运营授权或者账号绑定的结果,通知给发起操作的服务商。
    """

    operate_type: Literal["account_bind", "operation_auth"] | str
    """The operation that was asked for. 代运营操作类型。

    `account_bind`: bind an Alipay account; indirect merchants only · 绑定支付宝账号,仅对于间连商户
    `operation_auth`: authorise operation; direct and indirect merchants, for indirect ones with the binding of
    an account · 代运营授权,支持间连和直连商户,间连场景包含绑定支付宝账号
    """
    batch_no: str
    """Alipay's batch number. 支付宝批次号。"""
    out_biz_no: str
    """The provider's own number of the operation, as passed when it was started.
    外部操作流水,发起代运营操作时传入。
    """
    handle_status: Literal["success", "no_permission", "none_account"] | str
    """What came of it. 代运营操作结果。

    `success`: the merchant confirmed · 商家确认操作成功
    `no_permission`: the merchant's Alipay account may not do this: it should be one of the recommended accounts ·
    商家支付宝账号无权限操作,请确认是否在推荐账号列表中
    `none_account`: an indirect merchant without recommended accounts · 间连商家推荐支付宝账号列表为空
    """
    merchant_no: str
    """The merchant that is operated for. 被代运营的商户号。"""
    bind_user_id: str | None = None
    """The Alipay account that was bound: present when the merchant is an indirect one and confirmed.
    间连商户绑定的支付宝账号:被代运营者为间连商户且商家确认成功时有值。
    """

    @classmethod
    def from_data(cls, data: object, path: str = "data") -> Self:
        """The data of an event as this message. Raises Mismatch, with the path of what does not fit."""
        fields = Fields(data, path)
        return cls(
            operate_type=fields.text("operate_type"),
            batch_no=fields.text("batch_no"),
            out_biz_no=fields.text("out_biz_no"),
            handle_status=fields.text("handle_status"),
            merchant_no=fields.text("merchant_no"),
            bind_user_id=fields.text_or_none("bind_user_id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoyaltyDetail:
    """One split · 分账明细

    One payment of a settlement.
    分账的一条明细。
    """

    operation_type: Literal["transfer", "transfer_refund", "replenish", "replenish_refund"] | str | None = None
    """What kind of split this is. 分账操作类型。

    `transfer`: a split · 分账
    `transfer_refund`: a split taken back · 退分账
    `replenish`: a subsidy · 补差
    `replenish_refund`: a subsidy taken back · 退补差
    """
    execute_dt: datetime | None = None
    """When it was carried out, Beijing time. 分账执行时间,北京时间。"""
    trans_out: str | None = None
    """The account that pays. 分账转出账号。"""
    trans_out_type: str | None = None
    """What kind of account trans_out is. 分账转出账号类型。"""
    trans_out_open_id: str | None = None
    """The payer's open_id; to be preferred to trans_out where it is sent.
    分账转出方的 openId,不为空时优先于 trans_out 使用。
    """
    trans_in: str | None = None
    """The account that is paid. 分账转入账号。"""
    trans_in_type: str | None = None
    """What kind of account trans_in is. 分账转入账号类型。"""
    trans_in_open_id: str | None = None
    """The payee's open_id; to be preferred to trans_in where it is sent.
    分账转入方的 openId,不为空时优先于 trans_in 使用。
    """
    amount: Decimal | None = None
    """The amount, in yuan. 分账金额,单位为元。"""
    state: Literal["SUCCESS", "FAIL", "PROCESSING"] | str | None = None
    """What came of it. 分账状态。

    `SUCCESS`: done · 成功
    `FAIL`: failed; error_code says why · 失败
    `PROCESSING`: not finished · 处理中
    """
    detail_id: str | None = None
    """Alipay's number of this row. 支付宝分账明细单号。"""
    error_code: str | None = None
    """Why it failed, as a code. 分账失败错误码。"""
    error_desc: str | None = None
    """Why it failed, in words. 分账错误描述信息。"""

    @classmethod
    def from_data(cls, data: object, path: str = "data") -> Self:
        """The data of an event as this message. Raises Mismatch, with the path of what does not fit."""
        fields = Fields(data, path)
        return cls(
            operation_type=fields.text_or_none("operation_type"),
            execute_dt=fields.time_or_none("execute_dt"),
            trans_out=fields.text_or_none("trans_out"),
            trans_out_type=fields.text_or_none("trans_out_type"),
            trans_out_open_id=fields.text_or_none("trans_out_open_id"),
            trans_in=fields.text_or_none("trans_in"),
            trans_in_type=fields.text_or_none("trans_in_type"),
            trans_in_open_id=fields.text_or_none("trans_in_open_id"),
            amount=fields.money_or_none("amount"),
            state=fields.text_or_none("state"),
            detail_id=fields.text_or_none("detail_id"),
            error_code=fields.text_or_none("error_code"),
            error_desc=fields.text_or_none("error_desc"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlipayTradeOrderSettleNotify:
    """Result of a settlement · 交易分账结果通知

    Tells what came of a settlement that splits a trade's money among several accounts
    (alipay.trade.order.settle).
    统一收单交易结算(分账)的结果通知。
    """

    out_request_no: str
    """The merchant's own number of the request. 商户分账请求号。"""
    settle_no: str
    """Alipay's number of the settlement. 支付宝分账受理单号。"""
    operation_dt: datetime
    """When Alipay accepted the request, Beijing time. 分账受理时间,北京时间。"""
    royalty_detail_list: tuple[RoyaltyDetail, ...]
    """What was paid to whom. 分账明细。"""
    trade_no: str | None = None
    """Alipay's number of the trade. 支付宝交易号。"""
    msg_type: Literal["ASYNC_SETTLE_RESULT", "AUTO_SETTLE_FINISH"] | str | None = None
    """Why the settlement ended. 消息类型。

    `ASYNC_SETTLE_RESULT`: an asynchronous settlement ended · 异步分账结果
    `AUTO_SETTLE_FINISH`: what was frozen for too long was released · 超期自动分账解冻
    """
    operation_finish_dt: str | None = None
    """When the settlement ended, Beijing time. 业务执行完成时间,北京时间。"""
    royalty_finish_amount: Decimal | None = None
    """The amount that was released, in yuan. 分账完结金额,单位为元。"""

    @classmethod
    def from_data(cls, data: object, path: str = "data") -> Self:
        """The data of an event as this message. Raises Mismatch, with the path of what does not fit."""
        fields = Fields(data, path)
        return cls(
            out_request_no=fields.text("out_request_no"),
            settle_no=fields.text("settle_no"),
            operation_dt=fields.time("operation_dt"),
            royalty_detail_list=fields.items("royalty_detail_list", RoyaltyDetail.from_data),
            trade_no=fields.text_or_none("trade_no"),
            msg_type=fields.text_or_none("msg_type"),
            operation_finish_dt=fields.text_or_none("operation_finish_dt"),
            royalty_finish_amount=fields.money_or_none("royalty_finish_amount"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AntMerchantExpandShopSaveRejected:
    """A shop was rejected · 店铺审核拒绝通知

    Tells that a shop, which ant.merchant.expand.shop.create was asked to create, was rejected, and why.
    ant.merchant.expand.shop.create 创建门店被拒绝后的结果通知。
    """

    order_id: str
    """The application's id. 申请单 id。"""
    reason: str
    """Why it was rejected. 拒绝原因。"""
    shop_id: str
    """Alipay's id of the shop, given when it was created. 支付宝侧门店 id,门店创建成功后返回。"""
    shop_name: str
    """The shop's name. 店铺名称。"""
    out_biz_no: str | None = None
    """The outside number: four characters of an agreed system, then that system's own number. In some scenarios of
    direct payment (直付通) only.
    外部业务号:前四位为约定的系统标识符,之后为外围传入的外部单号。仅部分直付通场景可用。
    """
    store_id: str | None = None
    """The merchant's own number of the shop, as passed when it was created.
    商家侧门店编号,创建门店时由商家自定义传入。
    """

    @classmethod
    def from_data(cls, data: object, path: str = "data") -> Self:
        """The data of an event as this message. Raises Mismatch, with the path of what does not fit."""
        fields = Fields(data, path)
        return cls(
            order_id=fields.text("order_id"),
            reason=fields.text("reason"),
            shop_id=fields.text("shop_id"),
            shop_name=fields.text("shop_name"),
            out_biz_no=fields.text_or_none("out_biz_no"),
            store_id=fields.text_or_none("store_id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeStatusSync:
    """Status of a payment · 交易状态异步通知

    The notification of version 1.0 that a payment's status changed: paid, refunded, closed or finished. Its
    fields lie flat, and every value is a string, which may be blank.
    1.0 版本的交易状态通知:支付成功、退款、关闭或完结。字段平铺,值均为字符串,可能为空。
    """

    trade_no: str
    """Alipay's number of the trade. 支付宝交易号。"""
    out_trade_no: str
    """The merchant's own number of the order. 商户订单号。"""
    out_biz_no: str | None = None
    """The merchant's own business number; in notifications of refunds, the number of the refund.
    商户业务号,主要是退款通知中返回的退款申请流水号。
    """
    buyer_id: str | None = None
    """The buyer's Alipay user id. 买家支付宝用户号,以 2088 开头的 16 位数字。"""
    buyer_open_id: str | None = None
    """The buyer's id within the app, in the place of buyer_id. 买家在应用下的唯一标识,替代 buyer_id。"""
    buyer_logon_id: str | None = None
    """The buyer's Alipay account, masked. 买家支付宝账号。"""
    seller_id: str | None = None
    """The seller's Alipay user id. 卖家支付宝用户号。"""
    seller_email: str | None = None
    """The seller's Alipay account. 卖家支付宝账号。"""
    trade_status: Literal["WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_SUCCESS", "TRADE_FINISHED"] | str | None = None
    """The trade's status. 交易目前所处的状态。

    `WAIT_BUYER_PAY`: created, not paid · 交易创建,等待买家付款
    `TRADE_CLOSED`: closed: never paid, or wholly refunded · 未付款交易超时关闭,或支付完成后全额退款
    `TRADE_SUCCESS`: paid; may be refunded · 交易支付成功,可退款
    `TRADE_FINISHED`: finished; cannot be refunded any more · 交易结束,不可退款
    """
    total_amount: Decimal | None = None
    """The order's amount, in yuan. 订单金额,单位为元。"""
    receipt_amount: Decimal | None = None
    """What the merchant really receives, in yuan. 商家实收金额,单位为元。"""
    invoice_amount: Decimal | None = None
    """What an invoice may be issued for, in yuan. 可开发票的金额,单位为元。"""
    buyer_pay_amount: Decimal | None = None
    """What the buyer paid, in yuan. 用户付款金额,单位为元。"""
    point_amount: Decimal | None = None
    """What was paid in points (集分宝), in yuan. 集分宝支付的金额,单位为元。"""
    refund_fee: Decimal | None = None
    """What has been refunded in all, in yuan. 总退款金额,单位为元。"""
    send_back_fee: Decimal | None = None
    """What the merchant really refunded to the buyer, in yuan. 商户实际退款给用户的金额,单位为元。"""
    subject: str | None = None
    """The order's title, as it was passed when the payment was asked for. 订单标题,原样返回。"""
    body: str | None = None
    """The order's description, as it was passed. 商品描述,原样返回。"""
    gmt_create: datetime | None = None
    """When the trade was created, Beijing time. 交易创建时间,北京时间。"""
    gmt_payment: datetime | None = None
    """When the buyer paid, Beijing time. 交易付款时间,北京时间。"""
    gmt_refund: datetime | None = None
    """When it was refunded, to the millisecond, Beijing time. 交易退款时间,精确到毫秒,北京时间。"""
    gmt_close: datetime | None = None
    """When the trade ended, Beijing time. 交易结束时间,北京时间。"""
    fund_bill_list: str | None = None
    """What was paid through which channel: JSON text. 各渠道支付金额信息,JSON 文本。"""
    voucher_detail_list: str | None = None
    """The vouchers that were used: JSON text. 所使用的优惠券信息,JSON 文本。"""
    passback_params: str | None = None
    """What the merchant passed with its request, percent-encoded, as it was passed.
    公共回传参数,请求时传递的参数经 UrlEncode 后原样返回。
    """

    @classmethod
    def from_data(cls, data: object, path: str = "data") -> Self:
        """The data of an event as this message. Raises Mismatch, with the path of what does not fit."""
        fields = Fields(data, path)
        return cls(
            trade_no=fields.text("trade_no"),
            out_trade_no=fields.text("out_trade_no"),
            out_biz_no=fields.text_or_none("out_biz_no"),
            buyer_id=fields.text_or_none("buyer_id"),
            buyer_open_id=fields.text_or_none("buyer_open_id"),
            buyer_logon_id=fields.text_or_none("buyer_logon_id"),
            seller_id=fields.text_or_none("seller_id"),
            seller_email=fields.text_or_none("seller_email"),
            trade_status=fields.text_or_none("trade_status"),
            total_amount=fields.money_or_none("total_amount"),
            receipt_amount=fields.money_or_none("receipt_amount"),
            invoice_amount=fields.money_or_none("invoice_amount"),
            buyer_pay_amount=fields.money_or_none("buyer_pay_amount"),
            point_amount=fields.money_or_none("point_amount"),
            refund_fee=fields.money_or_none("refund_fee"),
            send_back_fee=fields.money_or_none("send_back_fee"),
            subject=fields.text_or_none("subject"),
            body=fields.text_or_none("body"),
            gmt_create=fields.time_or_none("gmt_create"),
            gmt_payment=fields.time_or_none("gmt_payment"),
            gmt_refund=fields.time_or_none("gmt_refund"),
            gmt_close=fields.time_or_none("gmt_close"),
            fund_bill_list=fields.text_or_none("fund_bill_list"),
            voucher_detail_list=fields.text_or_none("voucher_detail_list"),
            passback_params=fields.text_or_none("passback_params"),
        )


Message: TypeAlias = (
    AlipayOpenSpOperationResultNotify
    | AlipayTradeOrderSettleNotify
    | AntMerchantExpandShopSaveRejected
    | TradeStatusSync
)
"""The data of an event, typed."""

MESSAGES: Final[Mapping[str, Callable[[object], Message]]] = {
    "alipay.open.sp.operation.result.notify": AlipayOpenSpOperationResultNotify.from_data,
    "alipay.trade.order.settle.notify": AlipayTradeOrderSettleNotify.from_data,
    "ant.merchant.expand.shop.save.rejected": AntMerchantExpandShopSaveRejected.from_data,
    "trade_status_sync": TradeStatusSync.from_data,
}
"""msg_method to what reads the data of its events. It raises Mismatch when they do not fit."""
