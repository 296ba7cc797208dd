"""What Alipay sends, what it is answered, what subscribers receive."""

import base64
import gzip
import json
import random

import pytest

from local.alipay import Convention, SimulatedAlipay
from local.events import Carrier
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED, Message
from tests.support.lambda_context import LambdaContext
from tests.support.world import APP, KEYRING, PREFIX, TABLE, World, aws

SUCCESS = (200, "success")
DAY_MS = 86_400_000


@pytest.mark.parametrize("message", [OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED], ids=lambda m: m.msg_method)
@pytest.mark.parametrize("charset", ["UTF-8", "utf8", "GBK", "gbk", "GB2312", "GB18030"])
@pytest.mark.parametrize("convention", Convention)
@pytest.mark.parametrize("encrypt", [False, True], ids=["plain", "AES"])
def test_every_message_arrives_to_the_letter(
    world: World, message: Message, charset: str, convention: Convention, *, encrypt: bool
) -> None:
    notification = world.notification(**vars(message), charset=charset, convention=convention, encrypt=encrypt)

    assert world.deliver(notification) == SUCCESS

    (published,) = world.published(message.msg_method)
    assert published["Body"].endswith(f'"data":{message.biz_content}}}')


@pytest.mark.parametrize("carrier", ["base64 body", "plain body", "query"])
def test_the_parameters_are_read_wherever_they_are(world: World, carrier: Carrier) -> None:
    assert world.deliver(world.notification(charset="GBK"), carrier) == SUCCESS
    assert len(world.events()) == 1


def test_parameters_that_a_team_adds_to_its_gateway_url_are_not_mixed_in(world: World) -> None:
    notification = world.notification()

    assert world.deliver(notification, rawQueryString="tenant=1&app_id=2&notify_id=other") == SUCCESS

    assert world.events()[0]["id"] == notification.parameters["notify_id"]


def test_the_published_message_is_a_cloudevent_that_says_where_it_comes_from(world: World) -> None:
    world.now = 1_700_000_000.123
    extra = {"msg_type": "app", "msg_uid": "2088102165945162", "msg_app_id": "2016032301002387"}
    world.deliver(world.notification(notify_id="n-1", extra=extra))

    (message,) = world.published()

    event = json.loads(message["Body"])
    assert event.pop("data") == json.loads(ORDER_SETTLE.biz_content)
    assert event == {
        "specversion": "1.0",
        "id": "n-1",
        "source": f"urn:alipay:app:{APP}",
        "type": "alipay.trade.order.settle.notify",
        "time": "2023-11-14T22:13:20.123Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:alipay:schema:alipay.trade.order.settle.notify:1",
        "schema": "valid",
        "appid": APP,
        "msgversion": "1.1",
        "msgtype": "app",
        "msguid": "2088102165945162",
        "msgappid": "2016032301002387",
    }
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {
        "notify_id": "n-1",
        "app_id": APP,
        "msg_method": "alipay.trade.order.settle.notify",
        "version": "1.1",
        "schema": "valid",
        **extra,
    }


def test_a_biz_content_that_is_not_json_goes_out_as_a_string(world: World) -> None:
    world.deliver(world.notification(biz_content="结算 {10.00", charset="GBK"))

    (event,) = world.events()
    assert (event["data"], event["datacontenttype"]) == ("结算 {10.00", "text/plain")


def test_an_unsigned_parameter_has_no_say_in_how_the_rest_is_read(world: World) -> None:
    """Without a charset, UTF-8 is tried first; what anybody can add must not make it fail."""
    parameters = {n: v for n, v in world.notification().parameters.items() if n not in ("charset", "sign")}
    signed = world.alipay.sign(parameters)
    form = signed.form() + b"&alipay_cert_sn=%B7%D6"

    event = {"body": base64.b64encode(form).decode(), "isBase64Encoded": True}
    assert world.invoke(event) == SUCCESS

    (message,) = world.published()
    assert message["Body"].endswith(f'"data":{ORDER_SETTLE.biz_content}}}')


def test_an_unknown_msg_method_goes_to_the_catch_all_topic(world: World) -> None:
    assert world.deliver(world.notification(msg_method="alipay.some.new.notify")) == SUCCESS

    assert [event["type"] for event in world.events("unrouted")] == ["alipay.some.new.notify"]
    assert not world.events()


def test_a_version_1_0_notification_goes_out_with_its_flat_fields(world: World) -> None:
    parameters = {
        "notify_time": "2023-11-15 06:13:20",
        "notify_type": "trade_status_sync",
        "notify_id": "n-1",
        "app_id": APP,
        "charset": "GBK",
        "version": "1.0",
        "sign_type": "RSA2",
        "total_amount": "10.00",
        "subject": "西湖龙井",
        "passback_params": "",
    }
    world.now = 1_700_000_000

    assert world.deliver(world.alipay.sign(parameters, "GBK")) == SUCCESS

    (event,) = world.events("trade_status_sync")
    assert event["data"] == {"total_amount": "10.00", "subject": "西湖龙井", "passback_params": ""}
    assert (event["type"], event["time"]) == ("trade_status_sync", "2023-11-14T22:13:20.000Z")


def test_a_retry_after_success_is_answered_success_and_not_published_again(world: World) -> None:
    first = world.notification()
    world.deliver(first)
    world.now += 120

    assert world.deliver(world.alipay.retry(first, sent_ms=int(world.now * 1000))) == SUCCESS

    assert len(world.events()) == 1


def test_a_broadcast_reaches_both_apps_under_one_notify_id(world: World) -> None:
    other = SimulatedAlipay.generate()
    world.put_keyring({APP: world.alipay.keyring_entry(), "2": other.keyring_entry()})
    first = world.notification(notify_id="broadcast")
    second = other.notification(app_id="2", **vars(ORDER_SETTLE), notify_id="broadcast")

    assert [world.deliver(first), world.deliver(second)] == [SUCCESS, SUCCESS]

    assert {event["source"] for event in world.events()} == {f"urn:alipay:app:{APP}", "urn:alipay:app:2"}


def test_a_new_notification_costs_three_calls_a_duplicate_one_and_a_forgery_none(world: World) -> None:
    notification = world.notification()
    forged = notification.with_parameter("utc_timestamp", "1")
    world.deliver(forged)  # reads the keyring, and once more before it refuses
    world.calls.clear()

    world.deliver(notification)
    assert world.calls == ["UpdateItem", "Publish", "UpdateItem"]

    world.calls.clear()
    world.deliver(notification)
    assert world.calls == ["UpdateItem"]

    world.calls.clear()
    world.deliver(forged)
    assert world.calls == []


def test_the_ledger_keeps_what_an_operator_needs(world: World) -> None:
    world.now = 1_700_000_000
    notification = world.notification()
    world.deliver(notification)

    (message,) = world.published()
    record = world.record(notification)

    assert record.pop("event") == message["Body"]
    assert record.pop("message_id")
    assert record == {
        "notify_id": notification.parameters["notify_id"],
        "app_id": APP,
        "status": "PUBLISHED",
        "attempts": 1,
        "first_received_at": 1_700_000_000_000,
        "published_at": 1_700_000_000_000,
        "msg_method": ORDER_SETTLE.msg_method,
        "topic_arn": PREFIX + "alipay-trade-order-settle-notify",
        "expires_at": 1_700_000_000 + 32 * 86_400,
    }


# ── The reply table ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="empty"),
        pytest.param({"rawQueryString": "tenant=1"}, id="no sign"),
        pytest.param({"rawQueryString": "sign=a&app_id=1&app_id=2"}, id="a parameter twice"),
        pytest.param({"body": "%%%", "isBase64Encoded": True}, id="not base64"),
        pytest.param({"body": "a" * 2_000_000, "isBase64Encoded": False}, id="huge"),
    ],
)
def test_a_malformed_request_is_answered_400(world: World, event: object) -> None:
    assert world.invoke(event) == (400, "fail")
    assert world.calls == []


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"charset": "zip"}, id="a codec that is no charset of Alipay's"),
        pytest.param({"extra": {"utc_timestamp": "yesterday"}}, id="no time"),
        pytest.param({"extra": {"notify_id": ""}}, id="no notify_id"),
        pytest.param({"msg_method": ""}, id="no msg_method"),
        pytest.param({"extra": {"encrypt_type": "DES"}}, id="an unknown encrypt_type"),
    ],
)
def test_a_genuine_request_that_contradicts_the_protocol_is_answered_400(
    world: World, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.alipay.codec_of", lambda _charset: "utf-8")

    assert world.deliver(world.notification(**options)) == (400, "fail")
    assert "UpdateItem" not in world.calls


def test_text_that_is_not_of_the_declared_charset_is_answered_400(world: World) -> None:
    notification = world.notification(charset="GBK", extra={"charset": "UTF-8"}, convention=Convention.V1)

    assert world.deliver(notification) == (400, "fail")


def test_an_unknown_app_is_answered_403(world: World) -> None:
    assert world.deliver(world.notification(app_id="2")) == (403, "fail")


def test_a_bad_signature_is_answered_403(world: World) -> None:
    forged = world.notification().with_parameter("biz_content", ORDER_SETTLE.biz_content.replace("10.00", "90.00"))

    assert world.deliver(forged) == (403, "fail")
    assert not world.events()
    assert not world.record(forged)


def test_sha1_is_answered_403_unless_the_app_allows_it(world: World) -> None:
    assert world.deliver(world.notification(sign_type="RSA")) == (403, "fail")

    world.now += 61
    world.put_keyring({APP: world.alipay.keyring_entry() | {"sign_types": ["RSA2", "RSA"]}})
    assert world.deliver(world.notification(sign_type="RSA")) == SUCCESS


@pytest.mark.parametrize(
    ("offset_ms", "expected"),
    [
        pytest.param(-30 * DAY_MS + 60_000, SUCCESS, id="just within the retention"),
        pytest.param(-30 * DAY_MS - 60_000, (403, "fail"), id="before the retention"),
        pytest.param(DAY_MS - 60_000, SUCCESS, id="Alipay's clock is ahead"),
        pytest.param(DAY_MS + 60_000, (403, "fail"), id="in the far future"),
    ],
)
def test_the_replay_window_is_the_retention(world: World, offset_ms: int, expected: tuple[int, str]) -> None:
    assert world.deliver(world.notification(utc_timestamp=int(world.now * 1000) + offset_ms)) == expected


@pytest.mark.parametrize("sent_offset_s", [0, 86_000, -29 * 86_400], ids=["now", "ahead", "late"])
def test_what_the_replay_window_accepts_is_still_in_the_ledger(world: World, sent_offset_s: int) -> None:
    notification = world.notification(utc_timestamp=int((world.now + sent_offset_s) * 1000))
    world.deliver(notification)
    last_retry_sent_s = max(world.now, world.now + sent_offset_s) + 25 * 3600

    assert world.record(notification)["expires_at"] >= last_retry_sent_s + 30 * 86_400


def test_a_genuine_signature_over_moved_borders_is_answered_400(world: World) -> None:
    """`notify_id=n-1&sign_type=RSA2` was signed as two parameters; as one it would be a new notification."""
    captured = world.notification(notify_id="n-1", convention=Convention.V2)
    world.deliver(captured)

    assert world.deliver(captured.with_parameter("notify_id", "n-1&sign_type=RSA2")) == (400, "fail")
    assert len(world.events()) == 1


def test_an_in_flight_duplicate_is_answered_409(world: World) -> None:
    notification = world.notification()
    answers: list[tuple[int, str]] = []

    def deliver_meanwhile(**_: object) -> None:
        answers.append(world.deliver(notification))  # meets the first one's claim

    with world.hooked("before-call.sns.Publish", deliver_meanwhile):
        answers.append(world.deliver(notification))

    assert answers == [(409, "fail"), SUCCESS]
    assert len(world.events()) == 1


@pytest.mark.parametrize(
    "entry",
    [pytest.param({}, id="no AES key"), pytest.param({"aes_keys": ["A" * 22 + "=="]}, id="another AES key")],
)
def test_what_cannot_be_decrypted_is_answered_503_and_accepted_once_the_key_is_there(
    world: World, entry: dict[str, object]
) -> None:
    complete = world.alipay.keyring_entry()
    world.put_keyring({APP: {"alipay_public_keys": complete["alipay_public_keys"]} | entry})
    notification = world.notification(encrypt=True)
    assert world.deliver(notification) == (503, "fail")
    assert not world.record(notification)

    world.put_keyring({APP: complete})
    world.now += 61
    assert world.deliver(notification) == SUCCESS


def test_an_unavailable_ledger_is_answered_503(world: World) -> None:
    aws("dynamodb").delete_table(TableName=TABLE)

    assert world.deliver(world.notification()) == (503, "fail")
    assert not world.events()


def test_an_unavailable_topic_is_answered_503_and_the_claim_is_released(world: World) -> None:
    notification = world.notification()
    with world.failing("sns.Publish"):
        assert world.deliver(notification) == (503, "fail")
    assert world.record(notification)["lease_until"] == int(world.now * 1000)

    assert world.deliver(notification) == SUCCESS
    assert world.record(notification)["attempts"] == 2
    assert len(world.events()) == 1


@pytest.mark.parametrize("keyring", ["", "[]", "not JSON", '{"a":'], ids=repr)
def test_an_unreadable_keyring_is_answered_503(world: World, keyring: str) -> None:
    if keyring:
        world.put_keyring(keyring)
    else:
        aws("secretsmanager").delete_secret(SecretId=KEYRING)

    assert world.deliver(world.notification()) == (503, "fail")


def test_no_publish_is_begun_that_might_not_be_finished_in_time(world: World) -> None:
    notification = world.notification()

    assert world.deliver(notification, context=LambdaContext(remaining_ms=14_999)) == (503, "fail")
    assert "Publish" not in world.calls
    assert world.deliver(notification) == SUCCESS


def test_a_message_larger_than_sns_carries_arrives_compressed(world: World) -> None:
    biz_content = json.dumps({"amount": "10.00", "text": "结" * 90_000}, ensure_ascii=False)

    assert world.deliver(world.notification(biz_content=biz_content)) == SUCCESS

    (event,) = world.events()
    assert gzip.decompress(base64.b64decode(event["data_base64"])).decode() == biz_content


def test_a_message_that_sns_cannot_carry_even_compressed_is_answered_503_before_it_is_claimed(world: World) -> None:
    notification = world.notification(biz_content=json.dumps(random.Random(1).randbytes(300_000).hex()))  # noqa: S311

    assert world.deliver(notification) == (503, "fail")
    assert not world.record(notification)


def test_an_unexpected_error_is_answered_500_without_a_trace_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alipay_gateway.gateway.to_message", lambda _notification: 1 / 0)

    assert world.deliver(world.notification()) == (500, "fail")
