"""The gateway as it is deployed, logs and metrics included."""

from alipay_gateway.app import handler

__all__ = ["handler"]
