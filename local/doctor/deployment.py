"""A deployed stack, on AWS or on an emulator: its outputs, its keyring, its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from alipay_gateway.keyring import SecretSource
from alipay_gateway.settings import Stores

_CONFIG = Config(connect_timeout=5, read_timeout=25, retries={"mode": "standard", "total_max_attempts": 3})


class DeploymentNotFound(Exception):
    """There is no such stack, or AWS did not tell."""


@dataclass(frozen=True)
class Deployment:
    """A stack and its outputs."""

    name: str
    status: str
    outputs: Mapping[str, str]
    endpoint_url: str | None = None

    def client(self, service: str) -> Any:
        """A boto3 client of the AWS that the stack is on."""
        return client(service, self.endpoint_url)

    def keyring(self) -> str:
        """The secret's value. Raises KeyringUnavailable, or DeploymentNotFound when the stack is no gateway's."""
        if "KeyringSecretArn" not in self.outputs:
            raise DeploymentNotFound(f"The stack {self.name} has no keyring among its outputs: is it a gateway's?")
        return SecretSource(lambda: self.client("secretsmanager"), self.outputs["KeyringSecretArn"])()

    def stores(self) -> Stores:
        """The function's own settings. Raises what boto3 raises."""
        function = self.client("lambda").get_function_configuration(FunctionName=self.outputs["FunctionName"])
        return Stores.from_env(function["Environment"]["Variables"])

    @property
    def url(self) -> str:
        """The gateway's address. The emulator's HTTP APIs are not where their outputs say."""
        if self.endpoint_url:
            return f"{self.endpoint_url}/_aws/execute-api/{self.outputs['HttpApiId']}/$default/alipay/notify"
        return self.outputs["GatewayUrl"]


def find(name: str, endpoint_url: str | None = None) -> Deployment:
    """Raises DeploymentNotFound."""
    try:
        (stack,) = client("cloudformation", endpoint_url).describe_stacks(StackName=name)["Stacks"]
    except (BotoCoreError, ClientError, ValueError) as error:
        raise DeploymentNotFound(f"The stack {name} cannot be described: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return Deployment(name, stack["StackStatus"], outputs, endpoint_url)


def client(service: str, endpoint_url: str | None) -> Any:
    """A boto3 client, by a name that is known only here."""
    make: Any = boto3.client  # its overloads take no variable for a name
    return make(service, endpoint_url=endpoint_url, config=_CONFIG)
