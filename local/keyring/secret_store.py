"""The keyring in Secrets Manager.

A put alone would overwrite what somebody else has put since we read. So a new version comes in under a label of its
own, where no function sees it, and becomes the current one by a move of AWSCURRENT away from the version that we read:
Secrets Manager refuses the move when the label is not there any more. Nothing is lost between reading and writing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from alipay_gateway.aws import code_of
from local.keyring.document import Refusal
from local.keyring.stores import CHANGED, EMPTY, Snapshot

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

LABEL = "keyring-command"
"""Marks a version until it is the current one."""


class SecretStore:
    """A Store."""

    limit: int | None = 65_536

    def __init__(self, client: "SecretsManagerClient", secret_id: str) -> None:
        self._client, self.name = client, secret_id

    def read(self) -> Snapshot:
        with plain_errors(self.name):
            try:
                return self._value("AWSCURRENT")
            except self._client.exceptions.ResourceNotFoundException:
                # No value yet, as the stack deploys it, or no secret at all, which raises once more.
                if self._current():
                    raise
                return EMPTY

    def previous(self) -> Snapshot:
        with plain_errors(self.name):
            try:
                return self._value("AWSPREVIOUS")
            except self._client.exceptions.ResourceNotFoundException:
                raise Refusal("There is no version before this one to go back to") from None

    def write(self, text: str, over: Snapshot) -> None:
        with plain_errors(self.name):
            put = self._client.put_secret_value(SecretId=self.name, SecretString=text, VersionStages=[LABEL])
            try:
                # The first version of all is the current one from the beginning.
                if over.version or "AWSCURRENT" not in put["VersionStages"]:
                    self._make_current(put["VersionId"], over)
            finally:
                with suppress(BotoCoreError, ClientError):  # a label that stays behind moves on with the next change
                    self._client.update_secret_version_stage(
                        SecretId=self.name, VersionStage=LABEL, RemoveFromVersionId=put["VersionId"]
                    )

    def put_back(self, previous: Snapshot, over: Snapshot) -> None:
        with plain_errors(self.name):
            self._make_current(previous.version or "", over)

    def _make_current(self, version: str, over: Snapshot) -> None:
        source = {"RemoveFromVersionId": over.version} if over.version else {}
        try:
            self._client.update_secret_version_stage(
                SecretId=self.name, VersionStage="AWSCURRENT", MoveToVersionId=version, **source
            )
        except self._client.exceptions.InvalidParameterException:
            if self._current() != version:  # it is, when an earlier attempt succeeded whose answer was lost
                raise Refusal(CHANGED) from None

    def _value(self, stage: str) -> Snapshot:
        value: Mapping[str, Any] = self._client.get_secret_value(SecretId=self.name, VersionStage=stage)
        if "SecretBinary" in value:
            raise Refusal(f"The secret {self.name} holds binary data, not a keyring")
        # Emulated, a secret without a value has a version all the same, with nothing in it.
        return Snapshot(value.get("SecretString", EMPTY.text), value["VersionId"])

    def _current(self) -> str | None:
        versions = self._client.describe_secret(SecretId=self.name).get("VersionIdsToStages", {})
        return next((version for version, stages in versions.items() if "AWSCURRENT" in stages), None)


@contextmanager
def plain_errors(secret_id: str) -> Iterator[None]:
    """AWS's errors as a Refusal of one line. Their own text is left out: it may quote what was sent."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        code = code_of(error)
        advice = _ADVICE.get(code, "AWS says no more; see with `list` how the keyring stands")
        raise Refusal(f"{secret_id}: {advice} ({code})") from None


_SIGN_IN = "there are no valid AWS credentials: sign in, or set AWS_PROFILE"
_ADVICE = {
    "ResourceNotFoundException": "no such secret in this account and region: deploy the stack, or name it with --stack",
    "AccessDeniedException": (
        "no access: it takes secretsmanager:GetSecretValue and DescribeSecret, for changes PutSecretValue and "
        "UpdateSecretVersionStage too, and kms:Decrypt and kms:GenerateDataKey on a key of your own"
    ),
    "InvalidRequestException": "the secret is marked for deletion: restore it (aws secretsmanager restore-secret)",
    "DecryptionFailure": "the secret's KMS key cannot be used: is it enabled, may you kms:Decrypt?",
    "EncryptionFailure": "the secret's KMS key cannot be used: is it enabled, may you kms:GenerateDataKey?",
    "LimitExceededException": "the secret has too many versions: they go away by themselves within a day",
    EndpointConnectionError.__name__: "AWS does not answer: look at the network, the region and AWS_ENDPOINT_URL",
    NoCredentialsError.__name__: _SIGN_IN,
    ProfileNotFound.__name__: _SIGN_IN,
    "ExpiredTokenException": _SIGN_IN,
    "UnrecognizedClientException": _SIGN_IN,
    "InvalidClientTokenId": _SIGN_IN,
    NoRegionError.__name__: "there is no region: set AWS_REGION",
}
