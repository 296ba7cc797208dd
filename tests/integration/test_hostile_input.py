"""What was not signed is answered `fail` and writes nothing; what was signed, however odd, is published or refused.

Known tricks, each by its name. What nobody thought of is tried in tests/fuzz.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from alipay_gateway.request import MAX_BROKEN_ESCAPES, MAX_PARAMETERS, MAX_PART_BYTES
from local.alipay import SignedNotification, SimulatedAlipay
from tests.support.ciphertexts import failures
from tests.support.wire import body_event, plain_body_event, query_event
from tests.support.world import World

DAY_MS = 86_400_000
Trick = Callable[[SignedNotification, str], dict[str, Any]]


@pytest.fixture(scope="module")
def hostile_world(alipay: SimulatedAlipay) -> Iterator[World]:
    """One world for all inputs: nothing of the refused ones may leave a trace in it."""
    with mock_aws():
        yield World(alipay)


def refused(world: World, event: object, status: int) -> None:
    world.calls.clear()
    assert world.invoke(event) == (status, "fail")
    assert not {"UpdateItem", "Publish"} & set(world.calls)


@pytest.mark.parametrize(
    ("status", "trick"),
    [
        pytest.param(400, lambda _, form: body_event(f"{form}&sign=eA==".encode()), id="sign twice"),
        pytest.param(400, lambda _, form: body_event(f"%73ign=eA==&{form}".encode()), id="sign twice, once escaped"),
        pytest.param(400, lambda _, form: body_event(f"{form}&notify_id=new".encode()), id="notify_id twice"),
        pytest.param(
            400, lambda _, form: body_event(f"notify%5Fid=new&{form}".encode()), id="the other spelling first"
        ),
        pytest.param(400, lambda _, form: body_event(f"{form}&{form}".encode()), id="everything twice"),
        pytest.param(403, lambda _, form: body_event(f"{form}&NOTIFY_ID=new".encode()), id="a name in capitals"),
        pytest.param(
            403, lambda _, form: body_event(f"{form}&notify_id%5B%5D=new".encode()), id="a name with brackets"
        ),
        pytest.param(403, lambda _, form: body_event(f"{form}&+notify_id=new".encode()), id="a name with a space"),
        pytest.param(403, lambda _, form: body_event(f"{form}&%00=".encode()), id="a name of NUL"),
        pytest.param(403, lambda _, form: body_event(f"{form}&=".encode()), id="a name of nothing"),
        pytest.param(403, lambda _, form: body_event(f"{form}&a%26notify_id=new".encode()), id="a name with &"),
        pytest.param(403, lambda _, form: body_event(f"{form}&notify_id%3Dnew=".encode()), id="a name with ="),
        pytest.param(403, lambda _, form: body_event(form.replace("&app_id=", ";app_id=").encode()), id="semicolons"),
        pytest.param(
            403,
            lambda sent, form: body_event(sent.with_parameter("notify_id", "new").form(), query=form),
            id="forged in the body, genuine in the query",
        ),
        pytest.param(
            403, lambda sent, form: body_event(b"sign=", query=form), id="nothing in the body, genuine in the query"
        ),
        pytest.param(403, lambda sent, _: body_event(sent.with_parameter("sign", "").form()), id="a blank sign"),
        pytest.param(400, lambda sent, _: body_event(sent.without("sign").form()), id="no sign"),
        pytest.param(403, lambda sent, _: body_event(sent.with_parameter("sign_type", "RSA").form()), id="SHA-1"),
        pytest.param(
            403, lambda sent, _: body_event(sent.with_parameter("sign_type", "none").form()), id="no sign_type"
        ),
        pytest.param(403, lambda sent, _: body_event(sent.with_parameter("app_id", "2021").form()), id="another app"),
        pytest.param(
            400, lambda _, form: body_event(b"\xef\xbb\xbfsign&" + form.encode() + b"&%zz" * 257), id="pieces"
        ),
        pytest.param(
            400,
            lambda _, form: body_event(form.encode() + b"".join(b"&p%d=" % n for n in range(MAX_PARAMETERS))),
            id="too many parameters",
        ),
        pytest.param(
            400,
            lambda _, form: body_event(form.encode() + b"&a=" + b"%" * MAX_BROKEN_ESCAPES + b"%"),
            id="broken escapes",
        ),
        pytest.param(403, lambda _, form: body_event(f"{form}&a=".encode().ljust(MAX_PART_BYTES, b"x")), id="huge"),
        pytest.param(
            400, lambda _, form: body_event(f"{form}&a=".encode().ljust(MAX_PART_BYTES + 1, b"x")), id="too huge"
        ),
        pytest.param(403, lambda _, form: query_event(form + "&a=中"), id="characters in the raw query"),
        pytest.param(403, lambda _, form: query_event(form + "&a=\ud800"), id="half a character in the raw query"),
        pytest.param(400, lambda _, form: plain_body_event(form + "&a=\ud800"), id="half a character in the body"),
        pytest.param(400, lambda _, form: {"body": form, "isBase64Encoded": True}, id="a body that is not base64"),
    ],
)
def test_no_trick_makes_a_forgery_of_a_genuine_notification(hostile_world: World, trick: Trick, status: int) -> None:
    genuine = hostile_world.notification()
    refused(hostile_world, trick(genuine, genuine.form().decode()), status)


@pytest.mark.parametrize(
    "trick",
    [
        pytest.param(lambda _, form: body_event(form.encode(), query="tenant=7&notify_id=new"), id="unsigned query"),
        pytest.param(lambda _, form: body_event(form.encode(), query="sign=x&notify_id=new"), id="forged query"),
        pytest.param(lambda _, form: body_event(f"&&{form}&&".encode()), id="empty pieces"),
        pytest.param(lambda _, form: body_event(form.replace("%2B", "+").encode()), id="a raw + in sign"),
        pytest.param(lambda _, form: body_event(form.replace("_", "%5f").encode()), id="needless escapes"),
        pytest.param(lambda _, form: plain_body_event("", query=form), id="empty body"),
    ],
)
def test_a_genuine_notification_is_published_whatever_hangs_on_it(hostile_world: World, trick: Trick) -> None:
    genuine = hostile_world.notification()

    assert hostile_world.invoke(trick(genuine, genuine.form().decode())) == (200, "success")

    assert [event["id"] for event in hostile_world.events()] == [genuine.parameters["notify_id"]]


# ---- genuine, but odd


@pytest.mark.parametrize(
    "biz_content",
    [
        pytest.param("[" * 100_000 + "]" * 100_000, id="deep"),
        pytest.param('{"a":NaN}', id="NaN"),
        pytest.param('{"a":1,"a":2}', id="the same key twice"),
        pytest.param('"\\ud800"', id="a lone surrogate"),
        pytest.param("1" * 100_000, id="a hundred thousand digits"),
        pytest.param("\ufeff{}", id="a byte order mark"),
        pytest.param('"\uffff\ufffe"', id="characters that SQS refuses"),
        pytest.param("\x00\x1b", id="control characters"),
    ],
)
@pytest.mark.parametrize("charset", ["UTF-8", "GBK"])
def test_odd_content_is_published_all_the_same(hostile_world: World, biz_content: str, charset: str) -> None:
    odd = hostile_world.notification(biz_content=biz_content, charset=charset)

    assert hostile_world.deliver(odd) == (200, "success")

    (message,) = hostile_world.published()
    event = json.loads(message["Body"], parse_int=str)
    if event["datacontenttype"] == "text/plain":
        assert event["data"] == biz_content
    elif "\uffff" not in biz_content:
        assert message["Body"].endswith(f'"data":{biz_content}}}')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            pytest.param("charset", name, id=name)
            for name in ("zip", "hex", "idna", "utf-16", "unicode_escape", "big5")
        ),
        pytest.param("utc_timestamp", "-1", id="before 1970"),
        pytest.param("utc_timestamp", "1" + "0" * 15, id="ten to the fifteenth"),
        pytest.param("utc_timestamp", "1e12", id="an exponent"),
        pytest.param("utc_timestamp", "١٧٠٠٠٠٠٠٠٠٠٠٠", id="Arabic digits"),
        pytest.param("utc_timestamp", "１７０００００００００００", id="wide digits"),
        pytest.param("utc_timestamp", "9" * 100_000, id="very many digits"),
        pytest.param("notify_id", "x" * 1_025, id="a notify_id longer than a key"),
        pytest.param("notify_id", "", id="no notify_id"),
        pytest.param("notify_id", "a\x00b", id="NUL in notify_id"),
        pytest.param("msg_uid", "\x1b[2J", id="an escape sequence in msg_uid"),
        pytest.param("msg_method", "x" * 257, id="a long msg_method"),
        pytest.param("encrypt_type", "DES", id="another cipher"),
    ],
)
def test_genuine_parameters_that_cannot_be_carried_are_malformed(hostile_world: World, name: str, value: str) -> None:
    notification = hostile_world.alipay.sign({**hostile_world.notification().parameters, name: value})
    refused(hostile_world, body_event(notification.form()), 400)


@pytest.mark.parametrize(
    ("away_ms", "status"),
    [
        pytest.param(-30 * DAY_MS, 403, id="as old as the window"),
        pytest.param(-30 * DAY_MS + 1_000, 200, id="a second younger"),
        pytest.param(DAY_MS - 1_000, 200, id="almost a day ahead"),
        pytest.param(DAY_MS + 1_000, 403, id="more than a day ahead"),
    ],
)
def test_the_replay_window_has_two_edges(hostile_world: World, away_ms: int, status: int) -> None:
    notification = hostile_world.notification(utc_timestamp=int(hostile_world.now * 1000) + away_ms)
    assert hostile_world.deliver(notification)[0] == status


def test_no_failure_to_decrypt_can_be_told_from_another(
    hostile_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """No padding oracle. The ciphertext is signed, so only who holds Alipay's private key could ask it anything."""
    told = set()
    for ciphertext in failures(base64.b64decode(str(hostile_world.alipay.aes_key))).values():
        signed = hostile_world.notification(
            notify_id="n", extra={"encrypt_type": "AES", "biz_content": ciphertext.decode()}
        )
        capsys.readouterr()
        refused(hostile_world, body_event(signed.form()), 503)
        (line,) = map(json.loads, capsys.readouterr().out.splitlines())
        for changing in ("duration_ms", "Duration", "_aws", "function_request_id", "timestamp"):
            line.pop(changing)
        told.add(json.dumps(line))

    assert [json.loads(line)["reason"] for line in told] == ["cannot_decrypt"]
