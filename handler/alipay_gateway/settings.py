"""What a function's environment says: the contract between the template and the code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Stores:
    """Where notifications are recorded and published."""

    ledger_table: str
    retention_days: int
    topic_arn_prefix: str
    """What stands before `<msg_method with . replaced by ->` in the ARN of a msg_method's topic."""
    msg_methods: frozenset[str]
    unrouted_topic_arn: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Reads MSG_METHODS comma-separated, or as a JSON array of names.

        Raises ValueError or KeyError, naming the variable, when the environment is not complete.
        """
        retention_days = env.get("RETENTION_DAYS", "30")
        if not (retention_days.isdecimal() and 2 <= int(retention_days) <= 36500):
            raise ValueError("RETENTION_DAYS must be from 2 (Alipay retries for 25 hours) to 36500 (a century)")
        return cls(
            ledger_table=_needed(env, "LEDGER_TABLE"),
            retention_days=int(retention_days),
            topic_arn_prefix=_needed(env, "TOPIC_ARN_PREFIX"),
            msg_methods=frozenset(re.findall(r"[\w.]+", env["MSG_METHODS"], re.ASCII)),
            unrouted_topic_arn=_needed(env, "UNROUTED_TOPIC_ARN"),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the gateway needs. Exactly one of `keyring_secret_id` and `keyring_file` is not empty."""

    stores: Stores
    keyring_secret_id: str
    keyring_file: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Raises ValueError or KeyError, naming the variable, when the environment is not complete."""
        secret_id, file = env.get("KEYRING_SECRET_ID", ""), env.get("KEYRING_FILE", "")
        if bool(secret_id) == bool(file):
            raise ValueError("Set one of KEYRING_SECRET_ID and KEYRING_FILE")
        return cls(Stores.from_env(env), secret_id, file)


def _needed(env: Mapping[str, str], name: str) -> str:
    if not env[name]:
        raise ValueError(f"{name} is empty")
    return env[name]
