"""Certificate mode: alipay_cert_sn picks the certificate, and one that expires is told of in time."""

import base64
import json
from datetime import UTC, datetime
from hashlib import md5

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from alipay_gateway.certificates import read_certificate
from alipay_gateway.errors import BadSignature, NotificationError, UnknownCertificate
from alipay_gateway.keys import AppKeys, parse_keyring, parse_public_key
from alipay_gateway.signature import SignatureVerifier, verify
from local.alipay import Convention, SignedNotification, SimulatedAlipay
from local.certificates import issue, sn_of
from tests.support.wire import request_of
from tests.unit.fakes import Watched

PARAMETERS = {"app_id": "app", "charset": "UTF-8", "msg_method": "m", "notify_id": "n", "sign_type": "RSA2"}
CONVENTIONS = [pytest.param(convention, id=convention) for convention in Convention]


@pytest.fixture(scope="module")
def certified(alipay: SimulatedAlipay) -> SimulatedAlipay:
    return alipay.with_certificate()


@pytest.fixture(scope="module")
def renewed(stranger: SimulatedAlipay) -> SimulatedAlipay:
    """Alipay with another certificate of another key: what a renewal brings."""
    return stranger.with_certificate()


def keys_of(*public_keys: str | None) -> AppKeys:
    keys = parse_keyring(json.dumps({"app": {"alipay_public_keys": public_keys}}))["app"]
    assert isinstance(keys, AppKeys), keys
    return keys


# ---- what a certificate says


def test_the_sn_is_md5_of_the_issuer_and_the_decimal_serial_number(certified: SimulatedAlipay) -> None:
    certificate = certified.certificate or ""
    serial = x509.load_pem_x509_certificate(certificate.encode()).serial_number
    issuer = "CN=Ant Financial Certification Authority Class 2 R1,OU=Certification Authority,O=Ant Financial,C=CN"

    assert parse_public_key(certificate).sn == md5(f"{issuer}{serial}".encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("serial", [1, 2**159 - 1, 0x2018_1108_0000_0000])
def test_any_serial_number_makes_the_sn_that_alipay_makes(certified: SimulatedAlipay, serial: int) -> None:
    key = parse_public_key(certified.public_key).rsa
    certificate = issue(key, serial=serial)

    assert read_certificate(certificate).sn == sn_of(certificate)


def test_of_a_chain_only_the_first_certificate_is_a_key(certified: SimulatedAlipay, renewed: SimulatedAlipay) -> None:
    keys = keys_of(f"{certified.certificate}{renewed.certificate}")

    assert [key.sn for key in keys.public_keys] == [sn_of(certified.certificate or "")]
    with pytest.raises(NotificationError):
        verify(request_of(renewed.sign(PARAMETERS)), keys)


def test_a_key_without_a_certificate_has_neither_sn_nor_end(keys: AppKeys) -> None:
    (key,) = keys.public_keys
    assert (key.sn, key.not_after, keys.last_expiry) == ("", None, None)


# ---- which certificate verifies


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_what_a_certificate_of_the_app_signed_verifies(certified: SimulatedAlipay, convention: Convention) -> None:
    notification = certified.sign(PARAMETERS, convention=convention)
    assert verify(request_of(notification), keys_of(certified.certificate)).convention == convention


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_an_sn_that_was_not_signed_picks_just_as_well(certified: SimulatedAlipay, convention: Convention) -> None:
    sn = sn_of(certified.certificate or "")
    bare = certified.with_key_only().sign(PARAMETERS, convention=convention)
    notification = bare.with_parameter("alipay_cert_sn", sn)

    verified = verify(request_of(notification), keys_of(certified.certificate))

    assert verified.convention == f"{convention} without alipay_cert_sn"


def test_without_an_sn_every_certificate_is_tried(certified: SimulatedAlipay, renewed: SimulatedAlipay) -> None:
    notification = renewed.with_key_only().sign(PARAMETERS)
    assert verify(request_of(notification), keys_of(certified.certificate, renewed.certificate))


def test_the_sn_is_compared_without_case(certified: SimulatedAlipay) -> None:
    bare = certified.with_key_only().sign(PARAMETERS)
    notification = bare.with_parameter("alipay_cert_sn", sn_of(certified.certificate or "").upper())
    assert verify(request_of(notification), keys_of(certified.certificate))


def test_the_sn_picks_its_certificate_alone(certified: SimulatedAlipay, renewed: SimulatedAlipay) -> None:
    swapped = certified.with_key_only().sign({**PARAMETERS, "alipay_cert_sn": sn_of(renewed.certificate or "")})
    with pytest.raises(BadSignature):
        verify(request_of(swapped), keys_of(certified.certificate, renewed.certificate))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_key_without_a_certificate_can_be_that_of_any_sn(certified: SimulatedAlipay, convention: Convention) -> None:
    """An operator may have taken the key out of the certificate, or have had a renewal of the same key."""
    notification = certified.sign(PARAMETERS, convention=convention)
    assert verify(request_of(notification), keys_of(certified.public_key)).convention == convention


def test_an_unknown_certificate_is_refused_and_named(certified: SimulatedAlipay, renewed: SimulatedAlipay) -> None:
    notification = renewed.sign(PARAMETERS)
    with pytest.raises(UnknownCertificate, match=sn_of(renewed.certificate or "")):
        verify(request_of(notification), keys_of(certified.certificate))


@pytest.mark.parametrize("sn", ["x", "0" * 33, "g" * 32, "\n{}", "证书"])
def test_what_is_no_sn_is_not_repeated_to_the_operator(certified: SimulatedAlipay, sn: str) -> None:
    forged = certified.with_key_only().sign(PARAMETERS).with_parameter("alipay_cert_sn", sn)
    with pytest.raises(UnknownCertificate, match=r"\(not an SN\)"):
        verify(request_of(forged), keys_of(certified.certificate))


def test_an_expired_certificate_verifies(alipay: SimulatedAlipay) -> None:
    """The operator vouches for it by leaving it in the keyring; nothing genuine is lost for a date."""
    expired = alipay.with_certificate(days=-1)
    assert verify(request_of(expired.sign(PARAMETERS)), keys_of(expired.certificate))


def test_a_certificate_that_was_just_added_is_found_by_reading_the_keyring_again(
    certified: SimulatedAlipay, renewed: SimulatedAlipay
) -> None:
    watched = Watched(app=certified.keyring_entry())
    verifier = SignatureVerifier(watched.keyring)
    verifier.verify(request_of(certified.sign(PARAMETERS)))
    watched.source.hold(app={"alipay_public_keys": [certified.certificate, renewed.certificate]})
    watched.clock.now += 60

    assert verifier.verify(request_of(renewed.sign(PARAMETERS)))


def test_a_tampered_notification_of_a_known_certificate_is_a_bad_signature(certified: SimulatedAlipay) -> None:
    tampered: SignedNotification = certified.sign(PARAMETERS).with_parameter("notify_id", "other")
    with pytest.raises(BadSignature):
        verify(request_of(tampered), keys_of(certified.certificate))


def test_the_certificate_holds_the_key_that_signs(certified: SimulatedAlipay) -> None:
    assert parse_public_key(certified.certificate or "").rsa == load_der_public_key(
        base64.b64decode(certified.public_key)
    )


# ---- expiry


def reading(*entries: tuple[float, ...], alipay: SimulatedAlipay) -> Watched:
    """A keyring read just now: an app for each entry, with certificates that expire in so many days."""
    now = datetime.fromtimestamp(Watched().clock.now, UTC)
    apps = {
        f"app {number}": {"alipay_public_keys": [alipay.with_certificate(days=d, now=now).certificate for d in days]}
        for number, days in enumerate(entries)
    }
    watched = Watched(**apps, bare=alipay.keyring_entry())
    watched.keyring.keys_of("bare")
    return watched


def test_the_days_to_the_first_expiry_are_measured(alipay: SimulatedAlipay) -> None:
    assert reading((400,), (100,), alipay=alipay).days == [pytest.approx(100)]


def test_an_old_certificate_beside_its_renewal_is_no_concern(alipay: SimulatedAlipay) -> None:
    watched = reading((-5, 300), alipay=alipay)
    assert watched.days == [pytest.approx(300)]
    assert watched.reports == []


def test_without_certificates_nothing_is_measured(alipay: SimulatedAlipay) -> None:
    assert reading(alipay=alipay).days == []


@pytest.mark.parametrize(
    ("days", "words"),
    [pytest.param(29, "expires", id="soon"), pytest.param(-3, "has expired", id="already")],
)
def test_a_certificate_that_expires_is_reported_with_what_to_do(
    alipay: SimulatedAlipay, days: float, words: str
) -> None:
    (report,) = reading((days,), alipay=alipay).reports
    assert f"app 0 {words} ({days} days" in report
    assert "add the new one to the keyring" in report


def test_it_is_not_reported_at_every_reading_but_every_day(alipay: SimulatedAlipay) -> None:
    watched = reading((20,), alipay=alipay)
    for _ in range(4):
        watched.clock.now += 300
        watched.keyring.keys_of("bare")
    assert len(watched.reports) == 1

    watched.clock.now += 86_400
    watched.keyring.keys_of("bare")
    assert len(watched.reports) == 2
    assert len(watched.days) == 6


def test_a_certificate_that_is_good_for_a_month_is_not_reported(alipay: SimulatedAlipay) -> None:
    assert reading((31,), alipay=alipay).reports == []
