"""The real stack on an emulated AWS: `sam build` and `sam deploy` against ministack, on this machine alone.

`make up` starts it and leaves it running, `make down` stops it; the demo and the e2e tests start one of their own.
"""

import argparse
import json
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from samcli.yamlhelper import yaml_dump, yaml_parse  # type: ignore[import-untyped]

from local.alipay import SimulatedAlipay, generate_aes_key
from local.alipay_command import DEFAULT_APP_ID
from local.emulator import (
    CommandFailed,
    client,
    endpoint_of,
    environment,
    free_port,
    start_emulator,
    stop_emulator,
)
from local.events import write_env

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".local"
STACK_NAME = "alipay-gateway"
PORT = 4566

Progress = Callable[[str], Any]


@dataclass(frozen=True)
class Stack:
    """A deployed stack: where its AWS is, and what it put out."""

    endpoint: str
    outputs: Mapping[str, str]
    gateway_url: str
    pid: int
    name: str = STACK_NAME

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated AWS."""
        return client(service, self.endpoint)

    def put_keyring(self, keyring: Mapping[str, Any]) -> None:
        """Fills the keyring secret, as an operator would."""
        self.client("secretsmanager").put_secret_value(
            SecretId=self.outputs["KeyringSecretArn"], SecretString=json.dumps(keyring)
        )


@contextmanager
def running_stack(directory: Path, console: Console) -> Iterator[Stack]:
    """A stack of its own on a free port, for as long as the context lasts; shows the steps on the way."""
    for sign in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal, too, must leave nothing behind
        signal.signal(sign, lambda *_: sys.exit(1))
    with steps(console) as begin:
        begin("Start the emulated AWS")
        port = free_port()
        emulator = start_emulator(directory, port)
        try:
            stack = deploy(directory, emulator.pid, port, begin)
        except BaseException:
            stop_emulator(emulator.pid, endpoint_of(port))
            raise
    try:
        yield stack
    finally:
        stop_emulator(emulator.pid, stack.endpoint)
        emulator.wait()


def deploy(directory: Path, pid: int, port: int, progress: Progress) -> Stack:
    """Builds and deploys the template with SAM, and adds what the emulator leaves out."""
    endpoint = endpoint_of(port)
    progress("sam build")
    sam_build(directory, port)
    progress("sam deploy")
    sam_deploy(directory, port)
    stack = find_stack(endpoint, pid)
    _connect_routes(endpoint, stack.outputs)
    _leave_topics_to_roles(endpoint)
    _look_after_ledger(endpoint, stack.outputs["LedgerTable"])
    return stack


def sam_build(directory: Path, port: int, source: Path = ROOT) -> None:
    """Builds the application in the folder `source` into the directory."""
    # A build of its own: its layer is for this machine's Python and must never reach a real deployment.
    into = ("--build-dir", directory / "build", "--cache-dir", directory / "cache")
    _run(["build", *into], port, source, LAYER_TARGET="host")
    _leave_out_saved_queries(directory / "build" / "template.yaml")


def sam_deploy(directory: Path, port: int, source: Path = ROOT, *, account: str = "", **parameters: str) -> None:
    """Deploys what was built in the directory, with the parameters of the template that are given.

    `account` is another one than the emulator's usual: it takes twelve digits as an access key for an account.
    """
    parameters["Architecture"] = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    template = directory / "build" / "template.yaml"
    configured = ("--config-file", source / "samconfig.toml", "--template-file", template)
    credentials = {"AWS_ACCESS_KEY_ID": account} if account else {}
    _run(["deploy", *configured, "--parameter-overrides", *overrides], port, source, **credentials)


def find_stack(endpoint: str, pid: int = 0) -> Stack:
    """The stack that is deployed there; `pid` is the emulator's, where it is known."""
    stacks = client("cloudformation", endpoint).describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    url = f"{endpoint}/_aws/execute-api/{outputs['HttpApiId']}/$default/alipay/notify"
    return Stack(endpoint, outputs, url, pid)


def _leave_out_saved_queries(template: Path) -> None:
    """The emulator does not know them, and refuses a template with what it does not know."""
    parsed = yaml_parse(template.read_text())
    resources = parsed["Resources"]
    queries = [name for name, r in resources.items() if "Type" in r and r["Type"] == "AWS::Logs::QueryDefinition"]
    for name in queries:
        del resources[name]
    template.write_text(yaml_dump(parsed))


def _connect_routes(endpoint: str, outputs: Mapping[str, str]) -> None:
    """The emulator does not read the routes out of an HTTP API's OpenAPI body: add them through the API."""
    apis = client("apigatewayv2", endpoint)
    api_id = outputs["HttpApiId"]
    alias = client("lambda", endpoint).get_alias(FunctionName=outputs["FunctionName"], Name="live")
    integration = apis.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=alias["AliasArn"],
        PayloadFormatVersion="2.0",
    )
    for method in ("POST", "GET"):
        apis.create_route(
            ApiId=api_id,
            RouteKey=f"{method} /alipay/notify",
            Target=f"integrations/{integration['IntegrationId']}",
        )


def _look_after_ledger(endpoint: str, table: str) -> None:
    """The emulator reads neither the expiry nor the backups of a table out of a template."""
    dynamodb = client("dynamodb", endpoint)
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _leave_topics_to_roles(endpoint: str) -> None:
    """The emulator's default topic policy lets every role of the account publish and subscribe, AWS's does not."""
    sns = client("sns", endpoint)
    for arn in (topic["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for topic in page["Topics"]):
        root = f"arn:aws:iam::{arn.split(':')[4]}:root"
        statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "SNS:Publish", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _run(arguments: Sequence[str | Path], port: int, source: Path, **variables: str) -> None:
    sam = Path(sys.executable).with_name("sam")
    done = subprocess.run(  # noqa: S603  the arguments are this module's own
        [sam, *arguments],
        cwd=source,
        env=environment(port, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise CommandFailed(f"sam {arguments[0]} ended with status {done.returncode}:\n{end}")


@contextmanager
def steps(console: Console) -> Iterator[Progress]:
    """Shows each step with its time: a spinner on a terminal, one line when it is done everywhere."""
    status = console.status("")
    current: list[tuple[str, float]] = []

    def done() -> None:
        for name, began in current:
            console.print(f"  [green]✓[/] {name} [dim]{time.monotonic() - began:.1f} s[/]")
        current.clear()

    def begin(name: str) -> None:
        done()
        current.append((name, time.monotonic()))
        status.update(f"{name} …")

    with status:
        yield begin
        done()


def _up(console: Console) -> None:
    if (STATE / "stack.json").exists():
        _down(console)
    with steps(console) as begin:
        begin("Start the emulated AWS")
        pid = start_emulator(STATE, PORT).pid
        try:
            stack = deploy(STATE, pid, PORT, begin)
            begin("Fill the keyring")
            alipay = SimulatedAlipay.generate(aes_key=generate_aes_key())
            samples = json.loads((ROOT / "events" / "keyring.json").read_text())
            stack.put_keyring(samples | {DEFAULT_APP_ID: alipay.keyring_entry()})
        except BaseException:
            stop_emulator(pid, endpoint_of(PORT))
            raise
    key = STATE / "alipay.pem"
    key.touch(mode=0o600)
    key.write_bytes(alipay.private_pem())
    write_env(STATE / "env.json", ledger_table=stack.outputs["LedgerTable"])
    (STATE / "stack.json").write_text(json.dumps(asdict(stack), indent=2))
    console.print(_PLAY.format(url=stack.gateway_url, app_id=DEFAULT_APP_ID, endpoint=stack.endpoint), soft_wrap=True)


_PLAY = """
The stack runs. Play Alipay:

  .venv/bin/python -m local.alipay send '{url}' --key .local/alipay.pem --app-id {app_id} --message settle

For the other commands to reach it, and not the real AWS:

  export AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1

`make down` stops it."""


def _down(console: Console) -> None:
    state = STATE / "stack.json"
    if not state.exists():
        console.print("Nothing runs.")
        return
    saved = json.loads(state.read_text())
    stop_emulator(saved["pid"], saved["endpoint"])
    state.unlink()
    console.print("Stopped.")


def main() -> int:
    """`make up` and `make down`."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=main.__doc__)
    parser.add_argument("command", choices=("up", "down"))
    command = _up if parser.parse_args().command == "up" else _down
    console = Console()
    try:
        command(console)
    except CommandFailed as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
