"""The doctor looks at the certificate of the gateway's address, and at its answer to a request that is none."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.doctor.rows import State
from local.doctor.url_check import answers


class Answer(BaseHTTPRequestHandler):
    """Answers every GET alike."""

    status, body = 400, b"fail"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Healthy200(Answer):
    """Something in front of the gateway that answers in its place."""

    status, body = 200, b"success"


def self_signed(directory: Path, days: int) -> Path:
    """A certificate of localhost and its key, in one file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = directory / f"{days}.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def server(handler: type[Answer], certificate: Path | None = None) -> Iterator[str]:
    """Its URL."""
    with HTTPServer(("127.0.0.1", 0), handler) as http:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        Thread(target=partial(http.serve_forever, 0.05), daemon=True).start()
        yield f"{'https' if certificate else 'http'}://localhost:{http.server_port}/"
        http.shutdown()


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes this process trust a certificate."""

    def add(file: Path) -> None:
        monkeypatch.setattr(ssl, "create_default_context", partial(ssl.create_default_context, cafile=str(file)))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
        monkeypatch.setenv("NO_PROXY", "localhost")

    return add


@pytest.mark.parametrize(
    ("days", "state", "found"),
    [
        pytest.param(90, State.OK, "valid for 90 days", id="valid"),
        pytest.param(5, State.WARNING, "expires in 5 days", id="about to expire"),
        pytest.param(-3, State.PROBLEM, "CERTIFICATE_VERIFY_FAILED", id="expired"),
    ],
)
def test_the_certificate_is_looked_at(
    days: int, state: State, found: str, tmp_path: Path, trust: Callable[[Path], None]
) -> None:
    certificate = self_signed(tmp_path, days)
    trust(certificate)

    with server(Answer, certificate) as url:
        tls, _ = answers(url)

    assert (tls.what, tls.state) == ("TLS", state)
    assert found in tls.found


@pytest.mark.parametrize(
    ("handler", "state"),
    [pytest.param(Answer, State.OK, id="fail"), pytest.param(Healthy200, State.PROBLEM, id="success")],
)
def test_only_a_refusal_is_the_right_answer_to_a_request_without_parameters(
    handler: type[Answer], state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    with server(handler) as url:
        tls, answer = answers(url)

    assert (tls.state, answer.state) == (State.WARNING, state)
