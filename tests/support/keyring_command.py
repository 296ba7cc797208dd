"""`python -m local.keyring`, run in this process; whatever it prints is searched for secrets."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from alipay_gateway.keys import AppKeys, parse_keyring, parse_public_key
from local.alipay import SimulatedAlipay
from local.keyring.command import main

AES_KEYS = {size: base64.b64encode(bytes(range(size, 2 * size))).decode() for size in (16, 24, 32)}


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


class _Stdin(io.TextIOWrapper):
    def __init__(self, content: bytes, *, tty: bool) -> None:
        super().__init__(io.BytesIO(content), "utf-8")
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


class Keyring:
    """The command with a keyring in a file, or in the secret of the default stack when there is none."""

    def __init__(
        self,
        file: Path | None,
        secrets: list[str],
        monkeypatch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[str],
    ) -> None:
        self.file, self._secrets, self._monkeypatch, self._capture = file, secrets, monkeypatch, capture
        self.place = [] if file is None else ["--file", str(file)]
        monkeypatch.setenv("COLUMNS", "200")

    def __call__(self, *argv: str, stdin: str | bytes = b"", tty: bool = False) -> Outcome:
        """Runs a command; one that changes something says --yes unless there is a terminal."""
        content = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr("sys.stdin", _Stdin(content, tty=tty))
        yes = [] if tty or argv[0] == "list" else ["--yes"]
        try:
            status = main([*argv, *self.place, *yes])
        except SystemExit as ended:
            status = int(str(ended.code))
        printed = self._capture.readouterr()
        leaked = [secret for secret in self._secrets if secret in printed.out + printed.err]
        assert leaked == []
        assert "Traceback" not in printed.err
        return Outcome(status, printed.out, printed.err)

    def done(self, *argv: str, stdin: str | bytes = b"") -> str:
        """A command that must succeed: what it printed."""
        outcome = self(*argv, stdin=stdin)
        assert (outcome.status, outcome.err) == (0, "")
        return outcome.out

    def refused(self, *argv: str, stdin: str | bytes = b"") -> str:
        """A command that must be refused in one line: that line."""
        outcome = self(*argv, stdin=stdin)
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        return outcome.err

    def put(self, keyring: Any) -> None:
        assert self.file
        self.file.write_text(keyring if isinstance(keyring, str) else json.dumps(keyring), "utf-8")

    def text(self) -> str:
        assert self.file
        return self.file.read_text("utf-8")

    def keys(self, app_id: str) -> AppKeys:
        keys = parse_keyring(self.text())[app_id]
        assert isinstance(keys, AppKeys), keys
        return keys


def secrets_of(*alipays: SimulatedAlipay) -> list[str]:
    """What must never be printed: AES keys, private keys, and pieces of them."""
    secrets = [*AES_KEYS.values(), *(alipay.aes_key for alipay in alipays if alipay.aes_key)]
    for alipay in alipays:
        secrets += [line for line in alipay.private_pem().decode().splitlines() if not line.startswith("-")]
    return secrets


def fingerprint(alipay: SimulatedAlipay) -> str:
    return parse_public_key(alipay.public_key).fingerprint


def private_forms(alipay: SimulatedAlipay) -> dict[str, str]:
    """Alipay's private key as it may be pasted by mistake."""
    key = load_pem_private_key(alipay.private_pem(), None)
    forms: dict[str, str] = {}
    for name, form in {"PKCS#8": PrivateFormat.PKCS8, "PKCS#1": PrivateFormat.TraditionalOpenSSL}.items():
        forms[f"PEM, {name}"] = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        forms[f"base64, {name}"] = base64.b64encode(key.private_bytes(Encoding.DER, form, NoEncryption())).decode()
    return forms


def public_forms(alipay: SimulatedAlipay) -> dict[str, Callable[[], str]]:
    """Alipay's public key as a console, a tool or a colleague hands it over."""
    public = load_pem_private_key(alipay.private_pem(), None).public_key()

    def pem(form: PublicFormat) -> str:
        return public.public_bytes(Encoding.PEM, form).decode()

    return {
        "one line": lambda: alipay.public_key,
        "one line, blanks around": lambda: f"  {alipay.public_key}\r\n",
        "byte order mark": lambda: f"\ufeff{alipay.public_key}",
        "PEM": lambda: pem(PublicFormat.SubjectPublicKeyInfo),
        "PEM, CR LF": lambda: pem(PublicFormat.SubjectPublicKeyInfo).replace("\n", "\r\n"),
        "PKCS#1 PEM": lambda: pem(PublicFormat.PKCS1),
    }
