"""What Alipay signs, and whether it did: signatures by the simulated Alipay, by openssl and by forgers."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from itertools import combinations
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway.errors import BadSignature, SignTypeRefused, UnknownApp
from alipay_gateway.keys import AppKeys, parse_keyring
from alipay_gateway.request import SignedRequest, read_request
from alipay_gateway.signature import SignatureVerifier, signing_contents, verify
from local.alipay import Convention, SignedNotification, SimulatedAlipay
from tests.support.wire import body_event, request_of, request_with
from tests.unit.fakes import Watched

REREAD_INTERVAL_S = 60

CONVENTIONS = [pytest.param(convention, id=convention) for convention in Convention]
PARAMETERS = {
    "notify_id": "2018012400224134022000000000001",
    "utc_timestamp": "1516797622752",
    "msg_method": "alipay.trade.order.settle.notify",
    "app_id": "app",
    "msg_type": "",
    "version": "1.1",
    "biz_content": '{"reason":"中 +&=%20"}',
    "sign_type": "RSA2",
    "charset": "UTF-8",
}


def keys_with(*, sign_types: tuple[str, ...] = ("RSA2",), public_keys: tuple[str, ...]) -> AppKeys:
    entry = {"alipay_public_keys": public_keys, "sign_types": sign_types}
    keys = parse_keyring(json.dumps({"app": entry}))["app"]
    assert isinstance(keys, AppKeys)
    return keys


def changed(request: SignedRequest, parameters: Mapping[bytes, bytes]) -> SignedRequest:
    return SignedRequest({**request.parameters, **parameters})


# ---- golden vectors: made once with `openssl dgst -sha256 -sign` (-sha1 for RSA), the private key thrown away

OPENSSL_PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuPNhbHC9iRsPJUOtVLev6g4/sq0UG3DpNf0zggbJ4PzcHSry/Kgi"
    "B7d1vm7+F2nWQRcPoDLYSohqcmfexsnXrdDLzGIRX7CJp64k3/uW0DGCSXefVAbrwsxxppoDaD+UYl8SRbH/QelgG/RsILfo"
    "U06iEFbv2dG1EMyNv9YwMf3HQmobi5FGrW/hzElXetRLpUg3N5DM7eCs+AjfaMN6LsLRK0BjGwTMxUiFtrx+9lISTzrC/0tg"
    "kuS2KLNnQw8PUYOFIjlb+WmyLMnfbnPFECBUONgzAxFNvdxjMbnJKSRFCKliuEfMjVIr89pYFTh82tlQYqbnObJPrp3qT9eM"
    "lQIDAQAB"
)
GOLDEN = [
    pytest.param(
        # a=&a1=+ %25&app_id=2021000000000001&biz_content={"shop_name":"中𠮷"}&charset=GBK&notify_id=n1&utc_timestamp=…
        b"biz_content=%7B%22shop_name%22%3A%22%D6%D0%954%B25%22%7D&a1=%2B+%2525&sign_type=RSA2&a=&charset=GBK"
        b"&utc_timestamp=1516797622752&notify_id=n1&app_id=2021000000000001",
        "tV6nS/Pr7ODvW6/78d2U3woxXCFzdA22dwUhVMbEwYaXwC4YUTlt2GeUQdGD2yCM7+qmaM7wE7ArLeTkk7tl2telSPQa6v+m"
        "McXWoQhJ82zTInYfTboYVNcHYSwL5XyKL1ou5d/XOHWeyJhdPpQFkIMbISPzFlVNmDinNCFXDUd6e/eXdcbXyR5Fw+i5KFBH"
        "o/RgGi9Z7DoeMIxT9XhWNLLg4A1dk4z8TtG08PRdzY5nKYE9X2CA+3doXAX2FT5714/RmQVs5lrG5QE++cQih85M5I53Eip7"
        "Rjen9UOs86i3SEmMFvAuU5Bx0klH+JTDs3nhf0Gy75t7Jrxj1MPNbw==",
        "V1",
        id="V1, GBK",
    ),
    pytest.param(
        # app_id=2021000000000001&biz_content={}&sign_type=RSA2
        b"sign_type=RSA2&biz_content=%7B%7D&app_id=2021000000000001",
        "TfjHis4MfD+EFeze3eDkbJ7W1+pePSivlgX358zKxMb4QSirMFnzWpd4TtMAtN35IxUH4b1R6pLCLMAWC0jVDnIHuHAYZqYY"
        "f6hu8srysQYlPMxfLP0ZSaR4D6imeiIAJGYiCwesuhMUYcFaOC9QwB2jv7ILGyo2XEjB+P+pxnoyMD4n9r+PtFs0SnEEX/V2"
        "mCs+30dOWgAcER4qAMlPeusde5BagmuKb3OzjQfm/oBi2RTOOgmUDIT8kB1V6hpQ0tTdsUHySciRenW7xNARCIrBw6ul8LC7"
        "ZytQ2CQ0SoL4N3o4IG7VC2tZkvLv73xZqGcsSy8X7oJscig/8812lg==",
        "V2",
        id="V2",
    ),
    pytest.param(
        # app_id=2021000000000001&biz_content={}&sign_type=RSA
        b"sign_type=RSA&biz_content={}&app_id=2021000000000001",
        "tQJiCxz3bLD01HKk0mweUVkQ5iSYLKrJMpMSIc+S6LvcA3yu9D3MiCvHx1uv5wkCSRDWDCBkGVXaisrPWCfr7mp2g8l8Ik9s"
        "74Eu+24vFii7xaw4AXv0TlMprr2aKIbXLIcn7fbj22sNk/PVJyVVDcHq7b6QW+v9pXMmrtstfFe1t7iWMJBokjHbJRnTSEMl"
        "BZXy1NhEoIa4ccAsJZmmXSzLwAvbBanc1elHB1iwyoeXHzSVcthjdPdARCxnshvhgY05a9ERLPfrUye46VYhsb4oKs+uanBy"
        "U3/KGfLr95YM4GrLo9tZYTjFTnIWIixeUMpcXXUHtOyTsN93fuYffg==",
        "V2",
        id="V2, RSA",
    ),
]


@pytest.mark.parametrize(("part", "sign", "convention"), GOLDEN)
def test_what_openssl_signed_verifies(part: bytes, sign: str, convention: str) -> None:
    request = read_request(body_event(part + b"&sign=" + quote(sign, safe="").encode()))
    keys = keys_with(public_keys=(OPENSSL_PUBLIC_KEY,), sign_types=("RSA2", "RSA"))
    assert verify(request, keys).convention == convention


@pytest.mark.parametrize(("part", "sign", "convention"), GOLDEN)
def test_what_openssl_signed_does_not_verify_when_a_byte_of_it_changes(part: bytes, sign: str, convention: str) -> None:
    request = read_request(body_event(part.replace(b"2021", b"2022") + b"&sign=" + quote(sign, safe="").encode()))
    keys = keys_with(public_keys=(OPENSSL_PUBLIC_KEY,), sign_types=("RSA2", "RSA"))
    with pytest.raises(BadSignature):
        verify(request, keys)


# ---- the contents


def contents(**parameters: str) -> dict[str, bytes]:
    return dict(signing_contents(request_with(**parameters).parameters))


def test_the_content_is_sorted_by_name_and_not_by_joined_text() -> None:
    # As text, `a1=` comes before `a=`.
    assert contents(a1="x", b="y", a="z", sign="s")["V1"] == b"a=z&a1=x&b=y"


def test_capitals_come_before_small_letters() -> None:
    assert contents(b="1", a="2", B="3", sign="s")["V1"] == b"B=3&a=2&b=1"


def test_blank_values_are_signed() -> None:
    assert contents(a="", b="1", sign="s")["V1"] == b"a=&b=1"


def test_v1_leaves_sign_type_out_and_v2_keeps_it() -> None:
    assert contents(a="1", sign="s", sign_type="RSA2") == {"V1": b"a=1", "V2": b"a=1&sign_type=RSA2"}


def test_alipay_cert_sn_is_tried_in_the_content_and_out_of_it() -> None:
    assert contents(a="1", alipay_cert_sn="5", sign="s", sign_type="RSA2") == {
        "V1": b"a=1&alipay_cert_sn=5",
        "V2": b"a=1&alipay_cert_sn=5&sign_type=RSA2",
        "V1 without alipay_cert_sn": b"a=1",
        "V2 without alipay_cert_sn": b"a=1&sign_type=RSA2",
    }


def test_bytes_are_neither_decoded_nor_escaped() -> None:
    request = request_with(a=b"\xd6\xd0 +%&=\x00", sign="s")
    assert dict(signing_contents(request.parameters))["V1"] == b"a=\xd6\xd0 +%&=\x00"


# ---- genuine


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("charset", ["UTF-8", "GBK"])
def test_a_genuine_notification_verifies_and_its_convention_is_named(
    alipay: SimulatedAlipay, keys: AppKeys, convention: Convention, charset: str
) -> None:
    notification = alipay.sign({**PARAMETERS, "charset": charset}, charset, convention)
    assert verify(request_of(notification), keys).convention == convention


def test_the_key_that_verified_is_named_by_its_fingerprint(alipay: SimulatedAlipay, stranger: SimulatedAlipay) -> None:
    both = keys_with(public_keys=(stranger.public_key, alipay.public_key))
    verified = verify(request_of(alipay.sign(PARAMETERS)), both)
    assert verified.key == sha256(base64.b64decode(alipay.public_key)).hexdigest()[:16]
    assert verified.keys is both


@pytest.mark.parametrize("order", [1, -1], ids=["old key first", "new key first"])
@pytest.mark.parametrize("signer", ["alipay", "stranger"])
def test_with_several_keys_any_of_them_may_verify(
    alipay: SimulatedAlipay, stranger: SimulatedAlipay, order: int, signer: str
) -> None:
    both = keys_with(public_keys=(alipay.public_key, stranger.public_key)[::order])
    signed = {"alipay": alipay, "stranger": stranger}[signer].sign(PARAMETERS, convention=Convention.V2)
    assert verify(request_of(signed), both).convention == "V2"


def test_the_order_on_the_wire_does_not_matter(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    request = request_of(alipay.sign(PARAMETERS))
    assert verify(SignedRequest(dict(reversed([*request.parameters.items()]))), keys).convention == "V1"


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("sign_type", ["rsa2", "Rsa2", "RSA2"])
def test_sign_type_is_compared_without_case(
    alipay: SimulatedAlipay, keys: AppKeys, convention: Convention, sign_type: str
) -> None:
    notification = alipay.sign({**PARAMETERS, "sign_type": sign_type}, convention=convention)
    assert verify(request_of(notification), keys).convention == convention


def test_spaces_in_sign_are_the_plus_they_were(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    with_plus = (alipay.sign({**PARAMETERS, "biz_content": str(number)}) for number in range(100))
    notification = next(n for n in with_plus if "+" in n.parameters["sign"])
    raw = notification.form().replace(b"%2B", b"+")
    assert verify(read_request(body_event(raw)), keys).convention == "V1"


def test_spaces_elsewhere_stay_spaces(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    notification = alipay.sign({**PARAMETERS, "biz_content": "a+b"})
    raw = notification.form().replace(b"a%2Bb", b"a+b")
    with pytest.raises(BadSignature):
        verify(read_request(body_event(raw)), keys)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_signed_alipay_cert_sn_verifies(alipay: SimulatedAlipay, keys: AppKeys, convention: Convention) -> None:
    notification = alipay.sign({**PARAMETERS, "alipay_cert_sn": "c1"}, convention=convention)
    assert verify(request_of(notification), keys).convention == convention


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_an_unsigned_alipay_cert_sn_verifies(alipay: SimulatedAlipay, keys: AppKeys, convention: Convention) -> None:
    notification = alipay.sign(PARAMETERS, convention=convention).with_parameter("alipay_cert_sn", "c1")
    assert verify(request_of(notification), keys).convention == f"{convention} without alipay_cert_sn"


# ---- sign_type


def test_rsa_is_refused_unless_the_app_allows_it(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    notification = alipay.sign({**PARAMETERS, "sign_type": "RSA"})
    with pytest.raises(SignTypeRefused):
        verify(request_of(notification), keys)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_rsa_is_accepted_when_the_app_allows_it(alipay: SimulatedAlipay, convention: Convention) -> None:
    both = keys_with(public_keys=(alipay.public_key,), sign_types=("RSA2", "RSA"))
    notification = alipay.sign({**PARAMETERS, "sign_type": "RSA"}, convention=convention)
    assert verify(request_of(notification), both).convention == convention


def test_an_app_that_allows_rsa_alone_refuses_rsa2(alipay: SimulatedAlipay) -> None:
    old = keys_with(public_keys=(alipay.public_key,), sign_types=("RSA",))
    with pytest.raises(SignTypeRefused):
        verify(request_of(alipay.sign(PARAMETERS)), old)


def test_a_sha1_signature_does_not_pass_as_rsa2(alipay: SimulatedAlipay) -> None:
    both = keys_with(public_keys=(alipay.public_key,), sign_types=("RSA2", "RSA"))
    notification = alipay.sign({**PARAMETERS, "sign_type": "RSA"}).with_parameter("sign_type", "RSA2")
    with pytest.raises(BadSignature):
        verify(request_of(notification), both)


@pytest.mark.parametrize(
    "sign_type",
    [
        pytest.param(b"", id="blank"),
        pytest.param(b"MD5", id="another"),
        pytest.param(b"none", id="none"),
        pytest.param(b"RSA2 ", id="with a space"),
        pytest.param(b"RSA2\xff", id="with a byte beyond ASCII"),
        pytest.param("ＲＳＡ２".encode(), id="full-width letters"),
        pytest.param(b"RSA2,RSA", id="a list"),
    ],
)
def test_any_other_sign_type_is_refused(alipay: SimulatedAlipay, sign_type: bytes) -> None:
    both = keys_with(public_keys=(alipay.public_key,), sign_types=("RSA2", "RSA"))
    request = changed(request_of(alipay.sign(PARAMETERS)), {b"sign_type": sign_type})
    with pytest.raises(SignTypeRefused):
        verify(request, both)


def test_a_sign_type_without_an_algorithm_is_refused_whoever_allows_it(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    request = request_of(alipay.sign({**PARAMETERS, "sign_type": "MD5"}))
    with pytest.raises(SignTypeRefused):
        verify(request, replace(keys, sign_types=frozenset({"MD5"})))


# ---- tampered with and forged


@pytest.fixture(scope="module", params=CONVENTIONS)
def genuine(request: pytest.FixtureRequest, alipay: SimulatedAlipay, keys: AppKeys) -> SignedNotification:
    notification = alipay.sign(PARAMETERS, convention=request.param)
    verify(request_of(notification), keys)
    return notification


@pytest.mark.parametrize("name", [*PARAMETERS, "sign"])
def test_a_changed_parameter_is_refused(genuine: SignedNotification, keys: AppKeys, name: str) -> None:
    tampered = genuine.with_parameter(name, genuine.parameters[name] + "0")
    with pytest.raises((BadSignature, SignTypeRefused)):
        verify(request_of(tampered), keys)


@pytest.mark.parametrize("name", [*PARAMETERS, "sign"])
def test_a_removed_parameter_is_refused(genuine: SignedNotification, keys: AppKeys, name: str) -> None:
    with pytest.raises((BadSignature, SignTypeRefused)):
        verify(request_of(genuine.without(name)), keys)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_renamed_parameter_is_refused(genuine: SignedNotification, keys: AppKeys, name: str) -> None:
    renamed = genuine.without(name).with_parameter(name + "s", genuine.parameters[name])
    with pytest.raises((BadSignature, SignTypeRefused)):
        verify(request_of(renamed), keys)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("tenant", "7", id="a name Alipay does not know"),
        pytest.param("encrypt_type", "AES", id="a name the gateway heeds"),
        pytest.param("tenant", "", id="a blank value"),
        pytest.param("", "", id="neither name nor value"),
        pytest.param("a", "1", id="first in the order"),
        pytest.param("zz", "1", id="last in the order"),
        pytest.param("SIGN", "1", id="sign in capitals"),
        pytest.param("sign ", "1", id="sign and a space"),
    ],
)
def test_an_added_parameter_is_refused(genuine: SignedNotification, keys: AppKeys, name: str, value: str) -> None:
    with pytest.raises(BadSignature):
        verify(request_of(genuine.with_parameter(name, value)), keys)


@pytest.mark.parametrize(("one", "other"), list(combinations(sorted(PARAMETERS), 2)))
def test_swapped_values_are_refused(genuine: SignedNotification, keys: AppKeys, one: str, other: str) -> None:
    values = genuine.parameters
    swapped = replace(genuine, parameters={**values, one: values[other], other: values[one]})
    with pytest.raises((BadSignature, SignTypeRefused)):
        verify(request_of(swapped), keys)


@given(name=st.sampled_from([*PARAMETERS]), position=st.integers(0, 1000), bit=st.integers(0, 7))
def test_any_bit_that_flips_is_noticed(
    alipay: SimulatedAlipay, keys: AppKeys, name: str, position: int, bit: int
) -> None:
    request = request_of(alipay.sign(PARAMETERS, convention=Convention.V2))
    value = bytearray(request.get(name) or b"\x00")
    value[position % len(value)] ^= 1 << bit
    # RSA2 and rsa2 mean the same, but a V2 signature covers the spelling.
    with pytest.raises((BadSignature, SignTypeRefused)):
        verify(changed(request, {name.encode(): bytes(value)}), keys)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_signature_of_another_key_is_refused(
    stranger: SimulatedAlipay, keys: AppKeys, convention: Convention
) -> None:
    with pytest.raises(BadSignature):
        verify(request_of(stranger.sign(PARAMETERS, convention=convention)), keys)


def test_the_signature_of_another_notification_is_refused(alipay: SimulatedAlipay, keys: AppKeys) -> None:
    other = alipay.sign({**PARAMETERS, "notify_id": "2"})
    with pytest.raises(BadSignature):
        verify(request_of(alipay.sign(PARAMETERS).with_parameter("sign", other.parameters["sign"])), keys)


@pytest.mark.parametrize(("signed", "sent"), [("GBK", "UTF-8"), ("UTF-8", "GBK")])
def test_a_signature_over_the_text_in_another_charset_is_refused(
    alipay: SimulatedAlipay, keys: AppKeys, signed: str, sent: str
) -> None:
    notification = replace(alipay.sign(PARAMETERS, signed), charset=sent)
    with pytest.raises(BadSignature):
        verify(request_of(notification), keys)


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param("", id="empty"),
        pytest.param("AAAA", id="too short"),
        pytest.param("A" * 344, id="zeros"),
        pytest.param("A" * 100_000, id="much too long"),
        pytest.param("%%%%", id="not base64"),
        pytest.param("签名", id="not ASCII"),
        pytest.param("AAA", id="not padded"),
    ],
)
def test_what_is_no_signature_is_refused(alipay: SimulatedAlipay, keys: AppKeys, sign: str) -> None:
    notification = alipay.sign(PARAMETERS).with_parameter("sign", sign)
    with pytest.raises(BadSignature):
        verify(request_of(notification), keys)


@pytest.mark.parametrize("spoil", ["\n", "-", "_", "."])
def test_sign_is_decoded_strictly(alipay: SimulatedAlipay, keys: AppKeys, spoil: str) -> None:
    genuine = alipay.sign(PARAMETERS)
    notification = genuine.with_parameter("sign", spoil + genuine.parameters["sign"])
    with pytest.raises(BadSignature):
        verify(request_of(notification), keys)


@pytest.mark.parametrize("sign_type", ["RSA2", "SECRET"])
@pytest.mark.parametrize("sign", ["c2VjcmV0", "secret!"], ids=["base64", "not base64"])
def test_a_refusal_quotes_nothing_of_the_request_and_nothing_of_the_keyring(
    alipay: SimulatedAlipay, keys: AppKeys, sign: str, sign_type: str
) -> None:
    secrets = {**PARAMETERS, "sign": sign, "sign_type": sign_type}
    with pytest.raises((BadSignature, SignTypeRefused)) as refusal:
        verify(request_with(**secrets), keys)
    said = f"{refusal.value} {refusal.value.__cause__}"
    hidden = [sign, PARAMETERS["biz_content"], PARAMETERS["notify_id"], "SECRET", alipay.public_key[50:80]]
    assert [word for word in hidden if word in said] == []


# ---- with the keyring read again


@pytest.fixture
def watched(alipay: SimulatedAlipay) -> Watched:
    """A keyring that `alipay` is known to, read once and no minute ago."""
    watched = Watched(app=alipay.keyring_entry())
    SignatureVerifier(watched.keyring).verify(request_of(alipay.sign(PARAMETERS)))
    return watched


def verify_later(watched: Watched, request: SignedRequest, *, seconds: float = REREAD_INTERVAL_S) -> str:
    watched.clock.now += seconds
    return SignatureVerifier(watched.keyring).verify(request).key


def test_the_keyring_is_read_once_for_genuine_notifications(watched: Watched, alipay: SimulatedAlipay) -> None:
    for _ in range(3):
        verify_later(watched, request_of(alipay.sign(PARAMETERS)))
    assert watched.source.reads == 1


def test_a_key_that_was_rotated_in_is_accepted_after_one_more_read(watched: Watched, stranger: SimulatedAlipay) -> None:
    watched.source.hold(app=stranger.keyring_entry())
    key = verify_later(watched, request_of(stranger.sign(PARAMETERS)))
    assert key == sha256(base64.b64decode(stranger.public_key)).hexdigest()[:16]
    assert watched.source.reads == 2


def test_a_sign_type_that_was_allowed_meanwhile_is_accepted(watched: Watched, alipay: SimulatedAlipay) -> None:
    watched.source.hold(app={**alipay.keyring_entry(), "sign_types": ["RSA"]})
    verify_later(watched, request_of(alipay.sign({**PARAMETERS, "sign_type": "RSA"})))
    assert watched.source.reads == 2


def test_a_forgery_has_the_keyring_read_once_and_is_refused(watched: Watched, stranger: SimulatedAlipay) -> None:
    forgery = request_of(stranger.sign(PARAMETERS))
    with pytest.raises(BadSignature):
        verify_later(watched, forgery)
    assert watched.source.reads == 2


def test_many_forgeries_have_the_keyring_read_once_a_minute(watched: Watched, stranger: SimulatedAlipay) -> None:
    forgery = request_of(stranger.sign(PARAMETERS))
    for _ in range(180):
        with pytest.raises(BadSignature):
            verify_later(watched, forgery, seconds=1)
    assert watched.source.reads == 1 + 3


def test_within_a_minute_of_a_read_a_forgery_is_refused_without_another(
    watched: Watched, stranger: SimulatedAlipay
) -> None:
    watched.source.hold(app=stranger.keyring_entry())
    with pytest.raises(BadSignature):
        verify_later(watched, request_of(stranger.sign(PARAMETERS)), seconds=REREAD_INTERVAL_S - 1)
    assert watched.source.reads == 1


def test_a_forgery_is_refused_when_the_keyring_cannot_be_read_again(
    watched: Watched, stranger: SimulatedAlipay
) -> None:
    watched.source.failing = True
    with pytest.raises(BadSignature):
        verify_later(watched, request_of(stranger.sign(PARAMETERS)))
    assert watched.source.reads == 2


def test_an_app_that_was_taken_out_is_unknown_after_the_next_read(watched: Watched, stranger: SimulatedAlipay) -> None:
    watched.source.hold(other=stranger.keyring_entry())
    with pytest.raises(UnknownApp):
        verify_later(watched, request_of(stranger.sign(PARAMETERS)))


@pytest.mark.parametrize("app_id", ["other", "", "APP", "app ", "应用"])
def test_an_app_that_is_not_in_the_keyring_is_unknown(watched: Watched, alipay: SimulatedAlipay, app_id: str) -> None:
    with pytest.raises(UnknownApp):
        verify_later(watched, request_of(alipay.sign({**PARAMETERS, "app_id": app_id})))


def test_the_key_of_one_app_does_not_vouch_for_another(alipay: SimulatedAlipay, stranger: SimulatedAlipay) -> None:
    watched = Watched(app=alipay.keyring_entry(), other=stranger.keyring_entry())
    with pytest.raises(BadSignature):
        verify_later(watched, request_of(alipay.sign({**PARAMETERS, "app_id": "other"})))
