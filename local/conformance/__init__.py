"""The gateway beside Alipay's own SDKs: which notifications each of them verifies, measured."""
