"""SNS with faults on demand: an HTTP proxy between the deployed function and the emulator."""

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Fault(Enum):
    """What becomes of a request, and of its answer."""

    NONE = "forwarded, and its answer too"
    ERROR = "answered 500 at once"
    RESET = "cut off at once"
    HANG = "not answered for longer than the function waits"
    LOST = "forwarded, and cut off instead of its answer"
    MANGLED = "forwarded, and answered 500"

    @property
    def takes_effect(self) -> bool:
        return self in {Fault.NONE, Fault.LOST, Fault.MANGLED}


class FaultySns:
    """`published` counts the publishes that took effect, `unanswered` those whose answer was lost, by notify_id."""

    def __init__(self, emulator: str) -> None:
        self.emulator = urlsplit(emulator).netloc
        self.fault = Fault.NONE
        self.published: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self.ended = Event()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Yields the URL to call in the place of SNS's."""
        handler = type("Handler", (_Handler,), {"sns": self})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                self.ended.set()
                server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    sns: FaultySns

    def do_POST(self) -> None:
        body, fault = self.rfile.read(int(self.headers["Content-Length"])), self.sns.fault
        answer: tuple[int, bytes] = 500, b"<ErrorResponse><Error><Code>InternalError</Code></Error></ErrorResponse>"
        if fault.takes_effect:
            notify_id = _notify_id(body)
            forwarded = self._forward(body)
            self.sns.published[notify_id] += 1
            self.sns.unanswered[notify_id] += fault is not Fault.NONE
            answer = forwarded if fault is Fault.NONE else answer
        if fault is Fault.HANG:
            self.sns.ended.wait(4)
        if fault in {Fault.RESET, Fault.HANG, Fault.LOST}:
            # Closed with a reset, not with a farewell.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.send_response(answer[0])
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self.sns.emulator, timeout=10)
        try:
            # With the Host that was signed.
            connection.request("POST", self.path, body, dict(self.headers.items()))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
        """Nothing: pytest's output is for pytest."""


def _notify_id(body: bytes) -> str:
    """The message attribute of that name, out of SNS's query protocol."""
    fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    names = (name for name, value in fields.items() if name.endswith(".Name") and value == "notify_id")
    return fields[next(names).removesuffix("Name") + "Value.StringValue"]
