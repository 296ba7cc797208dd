"""How the function calls AWS: within which time, and what went wrong."""

from typing import Any
from urllib.parse import urlencode

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.session import Session

CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
    # botocore would put its own together anew, twice a call, and check what our types checked: a quarter of a call.
    user_agent="alipay-notification-gateway",
    parameter_validation=False,
)
CALL_MS = 7_000
"""What one call is reckoned to last at the most: two attempts of 1 s to connect and 2 s to read, 1 s in between.

A delivery makes four calls at the most: keyring, claim, publish, complete (or release). It answers within the
function's 25 s, because it does not begin to publish with less than two calls' time and a second left.
"""
PUBLISH_BUDGET_MS = 2 * CALL_MS + 1_000


class _Loader(Loader):
    """botocore's, but for a look into the folders of all its four hundred services before it loads one."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        return ["dynamodb", "secretsmanager", "sns"]


def new_session() -> Session:
    """A session of botocore's that starts up in less time."""
    session = Session()
    session.register_component("data_loader", _Loader())
    return session


def client_of(session: Session, service: str) -> Any:
    """A client of the service that keeps to these times."""
    client = session.create_client(service, config=CLIENT_CONFIG)
    if service == "sns":
        client.meta.events.register_first("request-created.sns", _encode_once)
    return client


def _encode_once(request: Any, **_: Any) -> None:
    """SNS takes a form, which botocore would encode twice: to sign it and to send it."""
    if isinstance(request.data, dict):  # A later botocore may speak JSON with it, as it does with SQS.
        request.data = urlencode(request.data)


def code_of(error: Exception) -> str:
    """What AWS, or botocore itself, calls the error: `AccessDeniedException`, `ReadTimeoutError`, …"""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
