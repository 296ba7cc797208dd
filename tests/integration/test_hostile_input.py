"""Whatever arrives, the handler answers `fail`, writes nothing and raises nothing."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from local.alipay import SimulatedAlipay
from tests.support.world import APP, World

# One world for all inputs: nothing of them may leave a trace in it.
pytestmark = pytest.mark.usefixtures("hostile_world")
fuzzed = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    "notify_id utc_timestamp msg_method app_id version biz_content sign sign_type encrypt_type charset".split()
) | st.text(max_size=8)
VALUES = st.sampled_from([APP, "RSA2", "RSA", "AES", "zip", "UTF-8", "1.1", "%", "%zz", "+", ""]) | st.text(max_size=20)


@pytest.fixture(scope="module")
def hostile_world(alipay: SimulatedAlipay) -> Iterator[World]:
    with mock_aws():
        yield World(alipay)


@pytest.fixture(scope="module")
def genuine(hostile_world: World) -> bytes:
    return hostile_world.notification(charset="GBK").form()


def unescaped(form: bytes) -> list[bytes]:
    return [unquote_to_bytes(piece) for piece in form.replace(b"+", b"%20").split(b"&") if piece]


def refused(world: World, event: object) -> None:
    world.calls.clear()
    status, body = world.invoke(event)
    assert (status // 100, body) == (4, "fail")
    assert not {"UpdateItem", "Publish"} & set(world.calls)


@fuzzed
@given(event=st.dictionaries(st.sampled_from(["body", "rawQueryString", "isBase64Encoded", "headers"]), JSON))
def test_arbitrary_events(hostile_world: World, event: dict[str, object]) -> None:
    refused(hostile_world, event)


@fuzzed
@given(body=st.binary(), prefix=st.sampled_from([b"", b"sign=", b"app_id=" + APP.encode() + b"&sign_type=RSA2&sign="]))
def test_arbitrary_bytes(hostile_world: World, body: bytes, prefix: bytes) -> None:
    refused(hostile_world, {"body": base64.b64encode(prefix + body).decode(), "isBase64Encoded": True})


@fuzzed
@given(parameters=st.lists(st.tuples(NAMES, VALUES), max_size=16), part=st.sampled_from(["body", "rawQueryString"]))
def test_arbitrary_parameters(hostile_world: World, parameters: list[tuple[str, str]], part: str) -> None:
    refused(hostile_world, {part: "&".join(f"{name}={value}" for name, value in parameters) + "&sign=QUJD"})


@fuzzed
@given(where=st.floats(0, 1, exclude_max=True), difference=st.integers(1, 255))
def test_a_genuine_notification_with_any_one_byte_changed(
    hostile_world: World, genuine: bytes, where: float, difference: int
) -> None:
    at = int(where * genuine.index(b"&sign="))
    form = genuine[:at] + bytes([genuine[at] ^ difference]) + genuine[at + 1 :]
    assume(unescaped(form) != unescaped(genuine))  # %e4 says the same as %E4: no forgery
    refused(hostile_world, {"body": base64.b64encode(form).decode(), "isBase64Encoded": True})


@pytest.mark.parametrize(
    "biz_content",
    [
        pytest.param("[" * 100_000 + "]" * 100_000, id="deep"),
        pytest.param('{"a":NaN}', id="NaN"),
        pytest.param('{"a":1,"a":2}', id="the same key twice"),
        pytest.param('"\\ud800"', id="a lone surrogate"),
        pytest.param("1" * 10_000, id="ten thousand digits"),
        pytest.param("\ufeff{}", id="a byte order mark"),
        pytest.param('"\uffff\ufffe"', id="characters that SQS refuses"),
        pytest.param("\x00\x1b", id="control characters"),
    ],
)
@pytest.mark.parametrize("charset", ["UTF-8", "GBK"])
def test_odd_but_genuine_content_is_published_all_the_same(
    hostile_world: World, biz_content: str, charset: str
) -> None:
    assert hostile_world.deliver(hostile_world.notification(biz_content=biz_content, charset=charset)) == (
        200,
        "success",
    )

    (message,) = hostile_world.published()
    event = json.loads(message["Body"], parse_int=str)
    if event["datacontenttype"] == "text/plain":
        assert event["data"] == biz_content
    elif "\uffff" not in biz_content:
        assert message["Body"].endswith(f'"data":{biz_content}}}')
