"""What every suite shares: an Alipay with its keys, an environment that reaches no real AWS."""

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # The function's own, as the template sets them; importing its entry reads them.
    "LEDGER_TABLE": "ledger",
    "TOPIC_ARN_PREFIX": "arn:aws:sns:us-east-1:123456789012:alipay-gateway-",
    "MSG_METHODS": "alipay.trade.order.settle.notify",
    "UNROUTED_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alipay-gateway-unrouted",
    "KEYRING_SECRET_ID": "alipay-gateway/keyring",
    "RETENTION_DAYS": "30",
    "POWERTOOLS_SERVICE_NAME": "alipay-gateway",
}
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
    os.environ.pop(name, None)

from local.alipay import SimulatedAlipay, generate_aes_key  # noqa: E402  after the environment is set

settings.register_profile("gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gateway")


@pytest.fixture(scope="session")
def alipay() -> SimulatedAlipay:
    """Alipay, as the app `APP` knows it: an RSA key of 2048 bits and an AES key."""
    return SimulatedAlipay.generate(aes_key=generate_aes_key())
