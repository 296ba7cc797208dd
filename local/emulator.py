"""AWS, emulated on this machine: ministack in a process of its own, on the loopback interface.

Nothing here can reach a real AWS account: every call goes to a loopback endpoint, with made-up credentials.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import psutil
import requests

REGION = "us-east-1"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "test"}


class CommandFailed(Exception):
    """A command of the set-up ended with an error; the message says which, and how."""


def client(service: str, endpoint: str) -> Any:
    """A boto3 client that knows nothing of this machine's real AWS configuration."""
    session: Any = boto3.Session(
        _CREDENTIALS["AWS_ACCESS_KEY_ID"], _CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION
    )
    return session.client(service, endpoint_url=endpoint)


def start_emulator(directory: Path, port: int) -> subprocess.Popen[bytes]:
    """Starts ministack in the background and waits until it answers."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise CommandFailed(f"Something listens on port {port} already: stop it first")
    os.environ["NO_PROXY"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost")))
    # Its workers' unpacked code, which it leaves behind when it is stopped.
    temporary = directory / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    with (directory / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            # With AUTH its IAM decides on every call: a role may do what its policies say, and nothing else.
            env=environment(port, AUTH="true", TMPDIR=str(temporary)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(endpoint_of(port)):
            return process
        time.sleep(0.1)
    process.kill()
    raise CommandFailed(f"ministack did not start; see {directory / 'ministack.log'}")


def stop_emulator(pid: int, endpoint: str) -> None:
    """Stops ministack, and the function's worker processes with it; does nothing when it runs no more."""
    # Asked first: after a restart of the machine the process id may be another program's.
    if not _answers(endpoint):
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(pid, sign)
        for _ in range(50):
            if _is_gone(pid):
                return
            time.sleep(0.1)


def worker_pids(pid: int, function: str) -> list[int]:
    """The processes in which the emulator with this process id runs a function."""
    marker = f"ministack-lambda-{function}-"
    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children() if marker in _command(child)]
    return []


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def _is_gone(pid: int) -> bool:
    with suppress(ChildProcessError):  # not ours when an earlier command started it
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _answers(endpoint: str) -> bool:
    try:
        return requests.get(f"{endpoint}/_ministack/health", timeout=2).ok
    except requests.RequestException:
        return False


def endpoint_of(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(port: int, **more: str) -> dict[str, str]:
    """The environment of a command that talks to the emulator, and to nothing else of AWS."""
    unwanted = ("AWS_", "SAM_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    venv = Path(sys.executable).parent
    return kept | {
        **_CREDENTIALS,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint_of(port),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BIND_HOST": os.environ.get("BIND_HOST", "127.0.0.1"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "GATEWAY_PORT": str(port),
        "PATH": f"{venv}{os.pathsep}{os.environ['PATH']}",
        "SAM_CLI_TELEMETRY": "0",
        **more,
    }
