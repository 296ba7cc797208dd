"""What the function's environment says: the contract between the template and the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    """Exactly one of `keyring_secret_id` and `keyring_file` is not empty."""

    ledger_table: str
    topic_arn_prefix: str
    """What stands before `<msg_method with . replaced by ->` in the ARN of a msg_method's topic."""
    msg_methods: frozenset[str]
    unrouted_topic_arn: str
    keyring_secret_id: str
    keyring_file: str
    retention_days: int

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Raises ValueError or KeyError, naming the variable, when the environment is not complete."""
        secret_id, file = env.get("KEYRING_SECRET_ID", ""), env.get("KEYRING_FILE", "")
        if bool(secret_id) == bool(file):
            raise ValueError("Set one of KEYRING_SECRET_ID and KEYRING_FILE")
        retention_days = env.get("RETENTION_DAYS", "30")
        if not (retention_days.isdecimal() and 2 <= int(retention_days) <= 36500):
            raise ValueError("RETENTION_DAYS must be from 2 (Alipay retries for 25 hours) to 36500 (a century)")
        return cls(
            ledger_table=_needed(env, "LEDGER_TABLE"),
            topic_arn_prefix=_needed(env, "TOPIC_ARN_PREFIX"),
            msg_methods=frozenset(filter(None, (name.strip() for name in env["MSG_METHODS"].split(",")))),
            unrouted_topic_arn=_needed(env, "UNROUTED_TOPIC_ARN"),
            keyring_secret_id=secret_id,
            keyring_file=file,
            retention_days=int(retention_days),
        )


def _needed(env: Mapping[str, str], name: str) -> str:
    if not env[name]:
        raise ValueError(f"{name} is empty")
    return env[name]
