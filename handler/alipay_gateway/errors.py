"""Why a notification is not answered `success`.

Each error knows its reply (`status`, the body is always `fail`), its `reason`, the word that logs and metrics use, and
its `advice`, what an operator should do about it. Its message never holds a key, a signature or content.
"""

from typing import ClassVar


class NotificationError(Exception):
    """The notification was not accepted: Alipay delivers it again, up to 8 times in 25 hours."""

    status: ClassVar[int]
    reason: ClassVar[str]
    advice: ClassVar[str]


class MalformedRequest(NotificationError):
    """Not a notification, or one whose parameters contradict the protocol."""

    status, reason = 400, "malformed"
    advice = "If Alipay sent this, report it; scanners, browsers and health checks also end here."


class UnknownApp(NotificationError):
    """No keys for this app_id."""

    status, reason = 403, "unknown_app"
    advice = "If the app is yours, add it to the keyring; it is read again within a minute."


class BadSignature(NotificationError):
    """No key of the app verifies the signature."""

    status, reason = 403, "bad_signature"
    advice = (
        "If Alipay sent this, check that the keyring holds Alipay's public key of this app (支付宝公钥), "
        "not the application's own (应用公钥). Otherwise it is a forgery: nothing to do."
    )


class UnknownCertificate(NotificationError):
    """`alipay_cert_sn` names a certificate that the app does not have, and no key without a certificate verifies."""

    status, reason = 403, "unknown_certificate"
    advice = (
        "If Alipay sent this, download its certificate (alipayCertPublicKey_RSA2.crt) from the console and add it to "
        "the app's `alipay_public_keys`, beside the old one, within a day. Otherwise it is a forgery: nothing to do."
    )


class SignTypeRefused(NotificationError):
    """The notification claims a sign_type that the app does not allow."""

    status, reason = 403, "sign_type_refused"
    advice = "Set the app to RSA2 in Alipay's console, or allow the type in the app's `sign_types`."


class OutsideReplayWindow(NotificationError):
    """Sent too long ago, or too far in the future, to be recognised as a duplicate."""

    status, reason = 403, "outside_replay_window"
    advice = "A replayed request: nothing to do. If it is Alipay's own, look at the clocks and RetentionDays."


class InFlight(NotificationError):
    """Another delivery of the same notification holds the claim."""

    status, reason = 409, "in_flight"
    advice = "Nothing to do: Alipay delivers it again, after the other delivery has ended."


class CannotDecrypt(NotificationError):
    """The ciphertext does not decrypt with any AES key of the app."""

    status, reason = 503, "cannot_decrypt"
    advice = "Put the app's AES key (接口内容加密) into its `aes_keys` within a day: Alipay retries for 25 hours."


class KeyringUnavailable(NotificationError):
    """The keyring, or the app's entry in it, cannot be read."""

    status, reason = 503, "keyring_unavailable"
    advice = "Check that the keyring exists, is the documented JSON, and that the function may read it."


class LedgerUnavailable(NotificationError):
    """The ledger did not take the write."""

    status, reason = 503, "ledger_unavailable"
    advice = "Check the ledger table and DynamoDB's health; Alipay retries for 25 hours."


class PublishFailed(NotificationError):
    """SNS did not take the message."""

    status, reason = 503, "publish_failed"
    advice = "Check the topic, its policy and SNS's health; Alipay retries for 25 hours."


class MessageTooLarge(NotificationError):
    """The message is larger than the topics carry (256 KiB), compressed too."""

    status, reason = 503, "too_large"
    advice = "Fetch this message's content through Alipay's query API: the topics cannot carry it."


class NoTimeLeft(NotificationError):
    """Earlier steps were so slow that a publish might not finish before the function's time-out."""

    status, reason = 503, "no_time_left"
    advice = "Look for slow DynamoDB or Secrets Manager calls; Alipay retries for 25 hours."
