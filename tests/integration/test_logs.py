"""One log line for each delivery, from which an operator knows what happened, and nothing that must not be there."""

import base64
import json
from typing import Any

import pytest

from local.alipay import SignedNotification
from tests.support.world import APP, World

Capture = pytest.CaptureFixture[str]


def lines(capsys: Capture) -> list[dict[str, Any]]:
    """What the function printed since last asked."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics_of(line: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """What CloudWatch makes of a line: value and unit of each metric. Every dimension must be a member with a value."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "AlipayGateway"
    assert all(line[name] for names in directive["Dimensions"] for name in names)
    return {metric["Name"]: (line[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]}


def test_a_published_notification_leaves_one_line_that_says_all(world: World, capsys: Capture) -> None:
    world.now = 1_700_000_000
    notification = world.notification(notify_id="n-1", utc_timestamp=1_700_000_000_000 - 120_000)
    world.deliver(notification)

    (line,) = lines(capsys)

    duration_ms = line.pop("duration_ms")
    assert duration_ms > 0
    assert len(line.pop("key")) == 16
    unchecked = ("location", "timestamp", "function_request_id")
    assert {name: line[name] for name in line if name[0].islower() and name not in unchecked} == {
        "level": "INFO",
        "message": "Notification accepted",
        "service": "alipay-gateway",
        "outcome": "published",
        "reason": "",
        "notify_id": "n-1",
        "app_id": APP,
        "msg_method": "alipay.trade.order.settle.notify",
        "schema": "valid",
        "convention": "V1",
        "attempt": 1,
        "age_ms": 120_000,
        "waited_ms": 0,
    }
    assert (line["_aws"]["Timestamp"], line["Duration"]) == (1_700_000_000_000, pytest.approx(duration_ms, abs=0.06))
    assert metrics_of(line) == {
        "Notifications": (1, "Count"),
        "Duration": (line["Duration"], "Milliseconds"),
        "Age": (120_000, "Milliseconds"),
    }


def test_a_refusal_says_why_and_what_to_do(world: World, capsys: Capture) -> None:
    world.deliver(world.notification(notify_id="n-1").with_parameter("version", "1.0"))

    (line,) = lines(capsys)

    assert (line["level"], line["outcome"], line["reason"]) == ("WARNING", "refused", "bad_signature")
    assert "支付宝公钥" in line["advice"]
    assert line["notify_id"] == "n-1"
    assert "Age" not in metrics_of(line)  # nobody vouches for when a forgery was sent
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    # Of this stack alone, in every set of dimensions.
    assert [sorted(names) for names in directive["Dimensions"]] == [
        ["outcome", "service"],
        ["outcome", "reason", "service"],
    ]


def test_a_failure_names_what_aws_answered(world: World, capsys: Capture) -> None:
    with world.failing("sns.Publish"):
        world.deliver(world.notification())

    (line,) = lines(capsys)
    assert (line["level"], line["outcome"], line["reason"]) == ("ERROR", "failed", "publish_failed")
    assert "ConnectTimeoutError" in line["message"]


def test_a_publish_without_its_record_is_told(world: World, capsys: Capture) -> None:
    def fail_the_record(**_: Any) -> None:
        world.stack.enter_context(world.failing("dynamodb.UpdateItem"))

    with world.stack, world.hooked("before-call.sns.Publish", fail_the_record):
        world.deliver(world.notification())

    (line,) = lines(capsys)
    assert (line["level"], line["outcome"]) == ("WARNING", "published")
    assert "ConnectTimeoutError" in line["unrecorded"]


def test_a_broken_keyring_entry_is_told_apart_from_an_attack(world: World, capsys: Capture) -> None:
    world.put_keyring({APP: {"alipay_public_keys": ["not a key"]}})
    world.deliver(world.notification())

    (keyring_line, line) = lines(capsys)
    assert APP in keyring_line["message"]
    assert (line["outcome"], line["reason"]) == ("failed", "keyring_unavailable")


def test_an_attackers_text_is_cut_short_in_the_log(world: World, capsys: Capture) -> None:
    world.deliver(world.notification(notify_id="x" * 10_000).with_parameter("version", "1.0"))

    (line,) = lines(capsys)
    assert line["notify_id"] == "x" * 64


def test_no_line_holds_a_key_a_signature_or_content(
    world: World, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = '{"card":"4111-secret-content"}'
    good = world.notification(biz_content=content, encrypt=True)
    plain = world.notification(biz_content=content, charset="GBK")
    secrets = [
        "4111-secret-content",
        world.alipay.public_key,
        str(world.alipay.aes_key),
        base64.b64encode(plain.form()).decode(),
        *(n.parameters[name] for n in (good, plain) for name in ("sign", "biz_content")),
    ]

    def everything(notification: SignedNotification) -> None:
        world.deliver(notification)
        world.deliver(notification)
        world.deliver(notification.with_parameter("notify_id", "tampered"))
        world.deliver(notification.with_parameter("biz_content", content))
        world.deliver(notification, body="%")

    for notification in (good, plain):
        everything(notification)
        for operation in ("dynamodb.UpdateItem", "sns.Publish"):
            with world.failing(operation):
                everything(world.alipay.sign({**notification.parameters, "notify_id": operation}, notification.charset))
    world.deliver(world.notification(biz_content=content, extra={"charset": "zip"}))
    world.deliver(world.notification(biz_content=content, extra={"utc_timestamp": "0"}))
    for broken in (
        {"alipay_public_keys": [world.alipay.public_key[:-8]]},
        {"alipay_public_keys": [world.alipay.private_pem().decode()]},
        {"alipay_public_keys": [world.alipay.public_key], "aes_keys": [f"{world.alipay.aes_key}A"]},
        f'{{"{APP}": {{"aes_keys": ["{world.alipay.aes_key}"',
    ):
        world.put_keyring(broken if isinstance(broken, str) else {APP: broken})
        world.new_process()
        world.deliver(good)
    monkeypatch.setattr("alipay_gateway.gateway.to_message", lambda notification, _: [][len(notification.data)])
    world.put_keyring({APP: world.alipay.keyring_entry()})
    world.new_process()
    world.deliver(world.notification(biz_content=content))

    printed = capsys.readouterr()
    for line in (printed.out + printed.err).splitlines():
        assert not [secret for secret in secrets if secret in line or secret[:24] in line]
        assert "BEGIN" not in line
    assert "Traceback" in printed.out  # the unexpected error has its trace, for the operator alone


def test_a_delivery_that_cannot_be_reported_is_answered_all_the_same(
    world: World, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alipay_gateway.telemetry._outcome", lambda _receipt, _error: 1 / 0)

    assert world.deliver(world.notification()) == (200, "success")
    assert len(world.events()) == 1


@pytest.mark.parametrize(("waited_h", "near"), [(0, False), (9.3, False), (9.4, True), (24, True)])
def test_a_failure_near_alipays_last_delivery_names_the_time_after_which_it_is_lost(
    world: World, capsys: Capture, waited_h: float, *, near: bool
) -> None:
    world.now = 1_700_000_000
    notification = world.notification()
    with world.failing("sns.Publish"):
        world.deliver(notification)
        lines(capsys)
        world.now += waited_h * 3600
        world.deliver(world.alipay.retry(notification, sent_ms=int(world.now * 1000)))

    (line,) = lines(capsys)
    assert line.get("lost_after") == ("2023-11-15T22:35:20+00:00" if near else None)
    assert metrics_of(line).get("NearLoss") == ((1, "Count") if near else None)
    assert (line["attempt"], line["waited_ms"]) == (2, round(waited_h * 3_600_000))


def test_an_old_capture_that_is_replayed_is_not_near_loss(world: World, capsys: Capture) -> None:
    world.deliver(world.notification(utc_timestamp=int((world.now - 40 * 86_400) * 1000)))

    (line,) = lines(capsys)
    assert line["reason"] == "outside_replay_window"
    assert "NearLoss" not in metrics_of(line)
