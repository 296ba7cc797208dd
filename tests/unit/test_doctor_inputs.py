"""The doctor takes a request in whatever form it was captured, byte for byte."""

import base64
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_from_bytes

import pytest

from local.alipay import SignedNotification, SimulatedAlipay
from local.doctor import curl
from local.doctor.capture import read_capture
from local.doctor.command import main
from local.events import http_api_event
from local.messages import ORDER_SETTLE
from tests.support.patients import APP

URL = "https://example.com/alipay/notify"


@pytest.fixture(scope="module")
def gbk(alipay: SimulatedAlipay) -> SignedNotification:
    return alipay.notification(app_id=APP, **vars(ORDER_SETTLE), charset="GBK")


def rest_event(notification: SignedNotification, *, in_query: bool = False) -> bytes:
    """An event of a REST API, payload format 1.0."""
    form = notification.form()
    query = dict(parse_qs(form.decode(), keep_blank_values=True).items())
    event: dict[str, Any] = {"httpMethod": "POST", "headers": {}, "requestContext": {"requestTimeEpoch": 1}}
    event |= {"body": base64.b64encode(form).decode(), "isBase64Encoded": True}
    if in_query:
        event |= {"body": None, "isBase64Encoded": False, "multiValueQueryStringParameters": query}
    return json.dumps(event).encode()


def curl_command(*arguments: str) -> bytes:
    return shlex.join(["curl", "-X", "POST", *arguments]).encode()


def each_urlencoded(notification: SignedNotification) -> bytes:
    fields = [item for pair in notification.parameters.items() for item in ("--data-urlencode", "=".join(pair))]
    return curl_command(URL, *fields)


FORMS: dict[str, Callable[[SignedNotification], bytes]] = {
    "form body": SignedNotification.form,
    "form body with a line end": lambda each: each.form() + b"\n",
    "form body behind a byte order mark": lambda each: b"\xef\xbb\xbf" + each.form(),
    "query string": lambda each: b"?" + each.form(),
    "URL": lambda each: f"{URL}?{each.form().decode()}".encode(),
    "path": lambda each: b"/alipay/notify?" + each.form(),
    "HTTP API event": lambda each: json.dumps(http_api_event(each, received_ms=0)).encode(),
    "HTTP API event, query": lambda each: json.dumps(http_api_event(each, received_ms=0, carrier="query")).encode(),
    "HTTP API event, text": lambda each: json.dumps(http_api_event(each, received_ms=0, carrier="plain body")).encode(),
    "REST API event": rest_event,
    "curl -d": lambda each: curl_command(URL, "-d", each.form().decode()),
    "curl --data-raw": lambda each: curl_command("-H", "Accept: */*", "--data-raw", each.form().decode(), URL),
    "curl, several": lambda each: curl_command(URL, *(f"-d{piece}" for piece in each.form().decode().split("&"))),
    "curl, URL": lambda each: curl_command("-sS", "--max-time", "3", f"{URL}?{each.form().decode()}"),
    "curl -G": lambda each: curl_command("-G", "--url", URL, "--data-raw", each.form().decode()),
    "curl over lines": lambda each: (
        b"$ curl \\\n  '%s' \\\n  --data-raw '%s' \\\n  --compressed"
        % (
            URL.encode(),
            each.form(),
        )
    ),
    "nginx": lambda each: (
        b'203.0.113.1 - - [30/Jul/2021:12:00:05 +0800] "POST /n?%s HTTP/1.1" 200 7 "-" "Mozilla"' % each.form()
    ),
    "ALB": lambda each: (
        b'https 2021-07-30T04:00:05Z app/x 1.2.3.4:1 - 0 0 0 403 403 9 9 "POST %s:443/n?%s HTTP/2.0" "-"'
        % (b"https://example.com", each.form())
    ),
    "a line among others": lambda each: b'"GET / HTTP/1.1" 200\n"POST /n?%s HTTP/1.1" 403\n' % each.form(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised_byte_for_byte(form: str, gbk: SignedNotification) -> None:
    assert read_capture(FORMS[form](gbk)).part[1] == gbk.form()


def test_a_curl_command_with_parameters_not_encoded(alipay: SimulatedAlipay) -> None:
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE))

    _, part = read_capture(each_urlencoded(notification)).part

    assert parse_qs(part.decode(), strict_parsing=True) == {n: [v] for n, v in notification.parameters.items()}


def test_a_curl_command_in_gbk_keeps_its_bytes() -> None:
    command = "curl http://h/ --data-urlencode 'a=支付'".encode("gbk")
    assert read_capture(command).part[1] == b"a=" + quote_from_bytes("支付".encode("gbk")).encode()


@pytest.mark.parametrize(
    ("command", "body"),
    [
        pytest.param("curl u -d @{file}", b"a=1b=2", id="-d leaves line ends out"),
        pytest.param("curl u --data-binary @{file}", b"a=1\nb=2\n", id="--data-binary keeps them"),
        pytest.param("curl u --data-raw @{file}", b"@{file}", id="--data-raw reads no file"),
        pytest.param("curl u --data-urlencode a@{file}", b"a=a%3D1%0Ab%3D2%0A", id="--data-urlencode of a file"),
        pytest.param("curl u --data-urlencode =a=1", b"a%3D1", id="--data-urlencode without a name"),
        pytest.param("curl u --data-urlencode 'a b'", b"a%20b", id="--data-urlencode of content"),
        pytest.param("curl u -d $'a=\\'1\\'\\u0021\\n'", b"a='1'!\n", id="ANSI-C quotation"),
        pytest.param('curl u -d "a=\\"1\\""', b'a="1"', id="double quotation marks"),
        pytest.param("curl -d a=1 -H 'X: y' u -d b=2 | jq .", b"a=1&b=2", id="a pipe behind it"),
    ],
)
def test_curls_ways_to_give_data(command: str, body: bytes, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"a=1\nb=2\n")

    parsed = curl.parse(command.replace("{file}", str(file)).encode())

    assert parsed.body == body.replace(b"{file}", str(file).encode())
    assert parsed.url == "u"


def test_the_content_length_of_a_curl_command_is_kept() -> None:
    assert read_capture(b"curl u -H 'Content-Length: 12' -d a=1").declared_length == 12


def test_nginx_escapes_of_bytes_are_undone() -> None:
    assert read_capture(b'"POST /n?a=\\xE6\\x94\\xAF&sign=1 HTTP/1.1" 403').part[1] == "a=支&sign=1".encode()


def test_a_rest_event_with_its_parameters_in_the_query_warns(
    alipay: SimulatedAlipay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notification = alipay.notification(app_id=APP, **vars(ORDER_SETTLE), utc_timestamp=0)
    (tmp_path / "request").write_bytes(rest_event(notification, in_query=True))
    (tmp_path / "keyring").write_text(json.dumps({APP: alipay.keyring_entry()}))

    status = main(["request", str(tmp_path / "request"), "--keyring", str(tmp_path / "keyring")])

    assert status == 0
    assert "! decoded_query" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            b'{"requestId":"a","requestTime":"b","routeKey":"POST /alipay/notify","status":"403"}',
            id="the API's access log",
        ),
        pytest.param(b'{"level":"WARNING","outcome":"refused","reason":"bad_signature"}', id="the function's log"),
        pytest.param(b'1.2.3.4 - - [x] "POST /alipay/notify HTTP/1.1" 403 4', id="an access log, all in the body"),
    ],
)
def test_a_log_line_without_parameters_is_told(
    line: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line)))
    (tmp_path / "keyring").write_text("{}")

    assert main(["request", "--keyring", str(tmp_path / "keyring")]) == 1
    report = capsys.readouterr().out
    assert "log_without_parameters" in report
    assert "holds no parameters" in report
    assert "日志行不含参数" in report


@pytest.mark.parametrize(
    "nothing",
    [b"", b"hello", b"{", b'{"a":1}', b"curl", b"curl -d 'a", b"curl -d a=1", b"curl u -d"],
)
def test_what_is_no_request_is_refused_without_quoting_it(nothing: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^The |^No closing"):
        read_capture(nothing)


def test_the_query_is_taken_when_the_body_has_no_sign(gbk: SignedNotification) -> None:
    command = curl_command(f"{URL}?{gbk.form().decode()}", "-d", quote("a=1"))
    assert read_capture(command).part == ("query", gbk.form())
