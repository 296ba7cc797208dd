"""Whether the gateway answers at its address, over TLS."""

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests

from local.doctor.rows import Row, ok, problem, warning

_TIMEOUT_S = 15
_NOTICE_DAYS = 14


def answers(url: str) -> Iterator[Row]:
    """The certificate, then a GET without parameters: it must be refused as no notification."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        yield _certificate(parts.hostname, parts.port or 443)
    else:
        yield warning("TLS", "not over TLS", "Only an emulator may do without. 仅模拟环境可以不用 TLS。")
    try:
        response = requests.get(url, timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        check = "Check the address, DNS and the network. 检查地址、DNS 与网络。"
        yield problem("URL 网关地址", f"no answer: {type(error).__name__}", check)
        return
    found = f"GET: {response.status_code} {response.text[:20]!r}"
    if (response.status_code, response.text) == (400, "fail"):
        yield ok("URL 网关地址", found)
    else:
        expected = "It must answer 400 'fail': is something else in front, or the function broken? See its log."
        yield problem("URL 网关地址", found, f"{expected} 应答应为 400 fail,请检查前置组件与函数日志。")


def _certificate(host: str, port: int) -> Row:
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except ssl.SSLError as error:
        return problem("TLS", error.reason or "refused", "Alipay refuses it as well: mend the certificate. 修复证书。")
    except OSError as error:
        return warning(
            "TLS", f"no connection: {type(error).__name__}", "Behind a proxy? Look from elsewhere. 换网络再试。"
        )
    days = int((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400)
    if days < _NOTICE_DAYS:
        return warning("TLS", f"the certificate expires in {days} days", "Renew it. 请续期。")
    return ok("TLS", f"certificate valid for {days} days")
