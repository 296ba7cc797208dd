"""Receives Alipay's notifications, verifies them and publishes them to SNS."""
