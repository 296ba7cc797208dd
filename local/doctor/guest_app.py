"""A throw-away app in the keyring of a stack, for as long as a context lasts.

The secret's label AWSCURRENT is moved to a version that has the app, and back. Each move names the version that it
moves away from, and Secrets Manager refuses it when somebody else has changed the secret meanwhile.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from local.alipay import SimulatedAlipay

_CURRENT, _PREVIOUS, _OURS = "AWSCURRENT", "AWSPREVIOUS", "DOCTOR"


class KeyringChanged(Exception):
    """Somebody else changed the secret: nothing of theirs was overwritten."""


@contextmanager
def guest(secrets: Any, secret_id: str, app_id: str, alipay: SimulatedAlipay) -> Iterator[None]:
    """Adds the app, and puts the former version back in the end, whatever happens.

    Raises KeyringChanged, ValueError when the keyring is no JSON object, or what boto3 raises.
    """
    former = secrets.get_secret_value(SecretId=secret_id)
    document = json.loads(former["SecretString"])
    if not isinstance(document, dict):
        raise ValueError("The keyring is not a JSON object of apps")
    previous = _version(secrets, secret_id, _PREVIOUS)
    text = json.dumps(document | {app_id: alipay.keyring_entry()})
    ours = secrets.put_secret_value(SecretId=secret_id, SecretString=text, VersionStages=[_OURS])["VersionId"]
    try:
        _move(secrets, secret_id, away_from=former["VersionId"], to=ours)
        try:
            yield
        finally:
            _move(secrets, secret_id, away_from=ours, to=former["VersionId"], left_behind=app_id)
            _label(secrets, secret_id, _PREVIOUS, ours, previous)
    finally:
        _label(secrets, secret_id, _OURS, ours, None)


def _move(secrets: Any, secret_id: str, *, away_from: str, to: str, left_behind: str = "") -> None:
    try:
        secrets.update_secret_version_stage(
            SecretId=secret_id, VersionStage=_CURRENT, RemoveFromVersionId=away_from, MoveToVersionId=to
        )
    except ClientError as error:
        # Not found: two changes later, the former version has no label any more and is thrown away.
        if error.response["Error"]["Code"] not in ("InvalidParameterException", "ResourceNotFoundException"):
            raise
        advice = f"see whether the app {left_behind} is left in it, and take it out" if left_behind else "try again"
        raise KeyringChanged(f"Somebody changed the keyring at the same time: {advice}") from error


def _label(secrets: Any, secret_id: str, label: str, away_from: str, to: str | None) -> None:
    """Moves another label, if it is where it is thought to be."""
    if _version(secrets, secret_id, label) == away_from:
        target = {"MoveToVersionId": to} if to else {}
        secrets.update_secret_version_stage(
            SecretId=secret_id, VersionStage=label, RemoveFromVersionId=away_from, **target
        )


def _version(secrets: Any, secret_id: str, label: str) -> str | None:
    versions = secrets.describe_secret(SecretId=secret_id)["VersionIdsToStages"]
    return next((version for version, labels in versions.items() if label in labels), None)
