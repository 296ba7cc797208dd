"""What was signed must be what is read: whether the border between two signed parameters could have been moved.

The signed content joins its parameters with a bare `&`. So `a=1&b=2` may have been signed as two parameters or as one,
and whoever holds a genuine notification could cut it up differently, a notify_id `…&sign_type=RSA2` for example, and
keep the signature. Of all the ways to cut a signed content, at most one may be accepted.
"""

import re
from bisect import bisect
from collections.abc import Collection, Mapping
from string import ascii_letters, digits

from .errors import MalformedRequest
from .request import COMMON_NAMES

# The documented fields of version 1.0 payment notifications. The more names are known, the fewer values are refused.
_PAYMENT_FIELDS = frozenset(
    "body buyer_id buyer_logon_id buyer_open_id buyer_pay_amount fund_bill_list gmt_close gmt_create gmt_payment "
    "gmt_refund invoice_amount out_biz_no out_trade_no passback_params point_amount receipt_amount refund_fee "
    "refund_reason refund_status seller_email seller_id send_back_fee subject total_amount trade_no trade_status "
    "voucher_detail_list".split()
)
_KNOWN = COMMON_NAMES | frozenset(name.encode() for name in _PAYMENT_FIELDS)

_OF_NAMES = f"{ascii_letters}{digits}_.-".encode()
_PARAMETER = re.compile(rb"&([\w.-]+)=")


def refuse_moved_borders(parameters: Mapping[bytes, bytes], left_out: Collection[bytes]) -> None:
    """`left_out` names the parameters that the verified content does without. Raises MalformedRequest.

    No common parameter may hold an `&`, whether it was signed or not. biz_content may: what is left of the question
    there is settled where it is read. Where there is none, business fields may as well.
    """
    if b"" in parameters or b"".join(parameters).translate(None, _OF_NAMES):
        _refuse()
    flat = b"biz_content" not in parameters
    for name, value in parameters.items():
        if b"&" in value and name != b"biz_content" and not (flat and name not in COMMON_NAMES):
            _refuse()
    if flat:
        _refuse_other_cuts(parameters, sorted(parameters.keys() - left_out))


def _refuse_other_cuts(parameters: Mapping[bytes, bytes], signed: list[bytes]) -> None:
    """Accepts the one way to cut that a content has: before every known name, and before every other name that stands
    in its alphabetical place between the known ones around it. No other place can be cut, since names are sorted.
    """
    known = [name for name in signed if name in _KNOWN]
    for name in signed:
        for inner in _PARAMETER.findall(parameters[name]):
            # The known names before and after the value are the same ones only if `inner` sorts between them.
            if inner in _KNOWN or bisect(known, name) == bisect(known, inner):
                _refuse()


def _refuse() -> None:
    raise MalformedRequest("The signature is genuine, but the border between two parameters may have been moved")
