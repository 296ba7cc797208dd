"""The keys of every app: read once, cached, and read again when they may have changed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from .aws import code_of
from .errors import KeyringUnavailable, UnknownApp
from .keys import AppKeys, parse_keyring

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE_S = 300
"""A cached keyring is read again after this; when that fails, the old one serves on."""
REREAD_INTERVAL_S = 60
"""An unknown app or signature has the keyring read again, at most this often: forgeries must not cost a call each."""
FIRST_READ_INTERVAL_S = 2
"""While the keyring could not be read at all, it is tried again this often."""
EXPIRY_NOTICE_DAYS = 30
"""The last certificate of an app is reported from so long before it expires, daily by each instance of the function."""


class KeyringSource(Protocol):
    """Where the keyring's JSON text comes from. Raises KeyringUnavailable."""

    def __call__(self) -> str: ...


class SecretSource:
    """A secret in AWS Secrets Manager. Its client is made at the first read."""

    def __init__(self, client: "Callable[[], SecretsManagerClient]", secret_id: str) -> None:
        self._client, self._secret_id = client, secret_id

    def __call__(self) -> str:
        try:
            return self._client().get_secret_value(SecretId=self._secret_id)["SecretString"]
        except (BotoCoreError, ClientError, KeyError) as error:
            raise KeyringUnavailable(f"The keyring secret cannot be read ({code_of(error)})") from error


class FileSource:
    """A file, for running the function locally."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str:
        try:
            return self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KeyringUnavailable("The keyring file cannot be read") from error


class Keyring:
    """The keys of each app. `clock` tells seconds since the epoch; `report` takes a sentence for the operator.

    At each reading `measure` gets the days that are left until the first app has no valid certificate any more, if
    there are apps with certificates.
    """

    def __init__(
        self,
        source: KeyringSource,
        clock: Callable[[], float],
        report: Callable[[str], object],
        measure: Callable[[float], object],
    ) -> None:
        self._source, self._clock, self._report, self._measure = source, clock, report, measure
        self._noticed: set[str] = set()
        self._apps: dict[str, AppKeys | str] | None = None
        self._loaded_at = self._tried_at = float("-inf")

    def keys_of(self, app_id: str) -> AppKeys:
        """Raises UnknownApp, or KeyringUnavailable when the keyring or the app's entry cannot be read."""
        if self._apps is None or not 0 <= self._clock() - self._loaded_at < MAX_AGE_S:
            self._load()
        if not isinstance(self._current().get(app_id), AppKeys) and self._may_reread():
            self._load()
        keys = self._current().get(app_id)
        if keys is None:
            raise UnknownApp("The keyring has no such app")
        if isinstance(keys, str):
            raise KeyringUnavailable(f"The app's entry in the keyring is broken: {keys}")
        return keys

    def reread(self) -> bool:
        """Reads the keyring again, unless that was tried within the last minute. Returns whether it was read anew."""
        if not self._may_reread():
            return False
        before = self._apps
        self._load()
        return self._apps is not before

    def _may_reread(self) -> bool:
        return not 0 <= self._clock() - self._tried_at < REREAD_INTERVAL_S

    def _current(self) -> Mapping[str, AppKeys | str]:
        if self._apps is None:
            raise KeyringUnavailable("The keyring has not been read yet")
        return self._apps

    def _load(self) -> None:
        # With an old keyring at hand, a failure neither takes it away nor is repeated for every request.
        if self._apps is not None and not self._may_reread():
            return
        if self._apps is None and 0 <= self._clock() - self._tried_at < FIRST_READ_INTERVAL_S:
            raise KeyringUnavailable("The keyring could not be read a moment ago")
        self._tried_at = self._clock()
        try:
            apps = parse_keyring(self._source())
        except KeyringUnavailable as error:
            if self._apps is None:
                raise
            self._report(f"The keyring cannot be read again, the one read before serves on: {error}")
            return
        self._apps, self._loaded_at = apps, self._clock()
        for app_id, keys in apps.items():
            if isinstance(keys, str):
                self._report(f"App {app_id} is refused until its entry in the keyring is mended: {keys}")
        self._look_at_certificates(apps)

    def _look_at_certificates(self, apps: Mapping[str, AppKeys | str]) -> None:
        last = {app_id: keys.last_expiry for app_id, keys in apps.items() if isinstance(keys, AppKeys)}
        days = {app_id: (end.timestamp() - self._clock()) / 86400 for app_id, end in last.items() if end}
        if days:
            self._measure(min(days.values()))
        notices = {
            f"The last of Alipay's certificates of app {app_id} {'expires' if left > 0 else 'has expired'} "
            f"({left:.0f} days, {last[app_id]:%Y-%m-%d}): add the new one to the keyring, beside the old one"
            for app_id, left in days.items()
            if left < EXPIRY_NOTICE_DAYS
        }
        for notice in sorted(notices - self._noticed):
            self._report(notice)
        self._noticed = notices
