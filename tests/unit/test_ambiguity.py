"""What was signed is what is read, though the signed content joins its parameters with a bare `&`.

Whoever holds a genuine notification knows a signature of the text `a=1&b=2`. Another request that joins to the same
text has the same signature, though its parameters may be others. None of them may be taken for genuine.
"""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alipay_gateway.encryption import decrypt
from alipay_gateway.errors import MalformedRequest, NotificationError
from alipay_gateway.keys import AppKeys
from alipay_gateway.notification import Notification, read_notification
from alipay_gateway.request import SignedRequest
from alipay_gateway.signature import verify
from local.alipay import Convention, SignedNotification, SimulatedAlipay
from tests.support.wire import request_of

BIZ_CONTENT = '{"shop_name":"x","amount":10.00}'


def genuine(alipay: SimulatedAlipay, convention: Convention, **options: object) -> SignedNotification:
    sent = {"app_id": "app", "msg_method": "m", "biz_content": BIZ_CONTENT, "notify_id": "n-1", "utc_timestamp": 1}
    return alipay.notification(**{**sent, **options}, convention=convention)  # type: ignore[arg-type]


def accept(request: SignedRequest, keys: AppKeys) -> Notification:
    verify(request, keys)
    return read_notification(request, lambda raw, codecs: decrypt(raw, keys.aes_keys, codecs))


@pytest.mark.parametrize("absorber", ["notify_id", "app_id", "charset", "msg_method"])
def test_a_parameter_cannot_absorb_the_next_one(alipay: SimulatedAlipay, keys: AppKeys, absorber: str) -> None:
    notification = genuine(alipay, Convention.V2)
    names = sorted(name for name in notification.parameters if name != "sign")
    absorbed = names[names.index(absorber) + 1]
    value = f"{notification.parameters[absorber]}&{absorbed}={notification.parameters[absorbed]}"
    moved = notification.without(absorbed).with_parameter(absorber, value)

    with pytest.raises(NotificationError):
        accept(request_of(moved), keys)


def test_a_new_notify_id_cannot_be_made_of_the_signed_sign_type(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    replayed = genuine(alipay, Convention.V2).with_parameter("notify_id", "n-1&sign_type=RSA2")

    with pytest.raises(MalformedRequest):
        accept(request_of(replayed), keys)


def test_biz_content_cannot_absorb_the_charset(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    moved = (
        genuine(alipay, Convention.V1).without("charset").with_parameter("biz_content", BIZ_CONTENT + "&charset=UTF-8")
    )

    with pytest.raises(MalformedRequest):
        accept(request_of(moved), keys)


def test_a_second_notification_cannot_be_cut_out_of_biz_content(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    inner = "x&charset=UTF-8&msg_method=evil&notify_id=new&utc_timestamp=1&version=1.1&z="
    notification = genuine(alipay, Convention.V1, biz_content=json.dumps({"shop_name": inner}))
    content = "&".join(f"{n}={v}" for n, v in sorted(notification.parameters.items()) if n not in ("sign", "sign_type"))
    start, _, rest = content.partition("&charset=UTF-8&msg_method=evil")
    middle, _, end = ("charset=UTF-8&msg_method=evil" + rest).partition("&z=")
    pairs = [piece.partition("=")[::2] for piece in (*start.split("&"), *middle.split("&"))] + [("z", end)]
    signed = {name: notification.parameters[name] for name in ("sign", "sign_type")}

    with pytest.raises(MalformedRequest):
        accept(request_of(SignedNotification({**dict(pairs), **signed})), keys)


@pytest.mark.parametrize("biz_content", [BIZ_CONTENT, '{"a":"b&c=d"}', '"&"', '{"q":"x=1&y=2&charset=GBK"}'])
@pytest.mark.parametrize("convention", Convention)
def test_an_ampersand_within_json_is_content_like_any_other(
    alipay: SimulatedAlipay, keys: AppKeys, biz_content: str, convention: Convention
) -> None:
    notification = genuine(alipay, convention, biz_content=biz_content)

    assert accept(request_of(notification), keys).data == biz_content


PIECES = st.lists(
    st.sampled_from(
        "x & = &b= &c=1 &charset=GBK &charset=UTF-8 &msg_method=evil &notify_id=new &utc_timestamp=2 &version=1.1 &z= "
        "&sign_type=RSA2 &biz_content={} &encrypt_type=AES".split()
    ),
    max_size=6,
).map("".join)


@settings(max_examples=500)
@given(inner=PIECES, is_json=st.booleans(), convention=st.sampled_from(Convention), data=st.data())
def test_no_other_split_of_a_signed_text_is_accepted(
    alipay: SimulatedAlipay, keys: AppKeys, inner: str, convention: Convention, data: st.DataObject, *, is_json: bool
) -> None:
    """Every way of cutting the text at its `&`s into parameters with different names, in the signed order."""
    biz_content = json.dumps({"t": inner}) if is_json else inner
    notification = genuine(alipay, convention, biz_content=biz_content)
    left_out = ("sign", "sign_type") if convention is Convention.V1 else ("sign",)
    content = "&".join(f"{n}={v}" for n, v in sorted(notification.parameters.items()) if n not in left_out)
    first, *others = content.split("&")
    parts = [first]
    for piece in others:
        if "=" in piece and data.draw(st.booleans(), label=f"cut before {piece!r}"):
            parts.append(piece)
        else:
            parts[-1] += "&" + piece
    pairs = [part.partition("=")[::2] for part in parts]
    parameters = {"sign_type": "RSA2", **dict(pairs), "sign": notification.parameters["sign"]}
    if len(dict(pairs)) < len(pairs) or parameters == dict(notification.parameters):
        return

    with pytest.raises(NotificationError):
        accept(request_of(SignedNotification(parameters)), keys)


# ---- version 1.0: business fields lie flat beside the common ones

FLAT = {
    "notify_id": "n-1",
    "notify_type": "trade_status_sync",
    "notify_time": "2023-11-15 06:13:20",
    "app_id": "app",
    "charset": "UTF-8",
    "version": "1.0",
    "sign_type": "RSA2",
    "gmt_create": "2023-11-15 06:13:19",
    "method": "alipay.trade.status",
    "total_amount": "10.00",
    "trade_no": "2023111522001",
    "trade_status": "TRADE_CLOSED",
}


@pytest.mark.parametrize("absorber", ["gmt_create", "total_amount", "trade_no"])
def test_a_business_field_cannot_absorb_the_next_parameter(
    alipay: SimulatedAlipay, keys: AppKeys, absorber: str
) -> None:
    notification = alipay.sign(FLAT)
    absorbed = sorted(FLAT)[sorted(FLAT).index(absorber) + 1]
    value = f"{FLAT[absorber]}&{absorbed}={FLAT[absorbed]}"

    with pytest.raises(MalformedRequest):
        accept(request_of(notification.without(absorbed).with_parameter(absorber, value)), keys)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(pytest.param("body", value, id=value) for value in ("Tea & cakes", "AT&T", "a&b c=d", "&", "x&=y", "x& =y")),
        pytest.param("body", "http://shop.example/?id=7&page=2&ref=a", id="a URL"),
        pytest.param("passback_params", "order=1&amount=2&channel=app", id="a query string"),
        pytest.param("subject", "Q&A=100%", id="a name that stands before the field"),
        pytest.param("remark", "a&b=c", id="in a field that nobody documented"),
    ],
)
@pytest.mark.parametrize("convention", Convention)
def test_an_ampersand_in_a_business_field_is_no_offence(
    alipay: SimulatedAlipay, keys: AppKeys, field: str, value: str, convention: Convention
) -> None:
    notification = alipay.sign({**FLAT, field: value}, convention=convention)

    assert json.loads(accept(request_of(notification), keys).data)[field] == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("body", "x&notify_id=new", id="a common parameter"),
        pytest.param("body", "x&total_amount=0.01", id="a documented field"),
        pytest.param("trade_no", "1&trade_nu=2", id="a name that could stand there"),
    ],
)
def test_a_value_that_could_have_been_signed_as_two_fields_is_refused(
    alipay: SimulatedAlipay, keys: AppKeys, field: str, value: str
) -> None:
    with pytest.raises(MalformedRequest):
        accept(request_of(alipay.sign({**FLAT, field: value})), keys)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a&b", "名"])
def test_a_parameter_with_an_odd_name_is_refused(alipay: SimulatedAlipay, keys: AppKeys, name: str) -> None:
    with pytest.raises(MalformedRequest):
        accept(request_of(alipay.sign({**FLAT, name: "1"})), keys)


NAMES = st.sampled_from("a attach body c charset d gmt_create notify_id t trade_no trade_nu version z".split())
VALUES = st.lists(st.one_of(NAMES.map("&{}=".format), st.sampled_from(["x", "&", "=", "1"])), max_size=5).map("".join)


def cuts_of(content: str) -> list[dict[str, str]]:
    """Every way to cut a content at its `&`s into parameters with ascending names."""
    first, *others = content.split("&")
    cuts = [[first]]
    for piece in others:
        name = piece.partition("=")[0]
        cuts = [
            grown
            for parts in cuts
            for grown in (
                [*parts[:-1], f"{parts[-1]}&{piece}"],
                *([[*parts, piece]] if "=" in piece and name > parts[-1].partition("=")[0] else []),
            )
        ]
    return [dict(part.partition("=")[::2] for part in parts) for parts in cuts]


SKELETON = {"app_id": "app", "charset": "UTF-8", "method": "m", "notify_id": "n", "notify_time": "2023-11-15 06:13:20"}


@settings(max_examples=300, deadline=None)
@given(fields=st.dictionaries(NAMES, VALUES, max_size=3), convention=st.sampled_from(Convention))
def test_of_all_ways_to_cut_a_flat_content_at_most_one_is_accepted(
    alipay: SimulatedAlipay, keys: AppKeys, fields: dict[str, str], convention: Convention
) -> None:
    notification = alipay.sign({**fields, **SKELETON, "sign_type": "RSA2"}, convention=convention)
    left_out = ("sign", "sign_type") if convention is Convention.V1 else ("sign",)
    content = "&".join(f"{n}={v}" for n, v in sorted(notification.parameters.items()) if n not in left_out)
    signature = {"sign": notification.parameters["sign"]}

    accepted = []
    for cut in cuts_of(content):
        request = request_of(SignedNotification({"sign_type": "RSA2", **cut, **signature}))
        with suppress(NotificationError):
            accepted.append(accept(request, keys))

    assert len(accepted) <= 1
