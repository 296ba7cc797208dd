"""Why a cell of the tables is not the right answer, or only with a condition."""

from local.conformance.measurement import ALIPAY_SDK_PYTHON, NODE, PYTHON_ALIPAY_SDK

WAYS = {
    "V2": (
        "Only by `checkNotifySignV2`, which the documentation names for the case that `checkNotifySign` fails. The "
        "latter percent-decodes every value once more, after the framework has done so."
    ),
    "charset": (
        "When the caller lets the framework read the form in the declared charset, as Django does, and encodes the "
        "content in that charset again. As UTF-8, Flask's way, it fails."
    ),
    "sign_type": (
        "When the caller leaves `sign_type` in the content. The SDK has no function for notifications and does not say "
        "which of the two it must be: whoever receives both has to try both."
    ),
    "query": "When the caller takes the query's parameters (`request.args`), which the documentation does not mention.",
}
"""By the `way` of a verdict."""

_NO_V2 = "`verify` always takes `sign_type` out of the content."
_RAW_PLUS = "The `+` has become a space, which base64 decoders skip: the signature is too short."
_NODE_CHARSET = (
    "It signs and verifies UTF-8 only: bytes of another charset are lost when the form is read. Express 5 answers such "
    "a form with 415 by itself, when the Content-Type names the charset."
)
_PYTHON_CHARSET = "It verifies UTF-8 only, also when the framework has read the form rightly."
_NARROW = (
    "Alipay's GBK and GB2312 hold characters that Python's codecs of these names do not: they are GB18030's. Here the "
    "simulated Alipay does so; that the real one may is an assumption."
)
_NO_AES = "It raises `TypeError`: the IV is text, which its own dependency does not take on Python 3."
_SMALL_LETTERS = "Names of sign types are compared as they are written."
_SN_NOT_SIGNED = "All parameters but `sign` and `sign_type` are taken for signed."
_CUT = (
    "The signed content joins parameters with a bare `&`, so one signature fits both readings, and the notification "
    "gets a new notify_id. The SDKs check signatures and no more; whoever deduplicates by notify_id has to know it."
)
_SECOND = (
    "Flask's `to_dict()` keeps the first value, the genuine one, and so does what the application reads. Django keeps "
    "the last, and refuses. It matters only where two readers of one request differ."
)

_CHARSET_ROWS = ("GBK", "GB2312", "GB18030", "GB18030 with four-byte characters (𠮷, an emoji)")
_NARROW_ROWS = ("GBK declared, four-byte characters sent", "GB2312 declared, a character of GBK sent (镕)")
_BY_ROW = {
    "`sign` sent with its `+` raw": _RAW_PLUS,
    "`alipay_cert_sn`, not signed": _SN_NOT_SIGNED,
    "V2 cut up otherwise: `notify_id` is `…&sign_type=RSA2`, read as V1": _CUT,
    "a parameter added a second time, with another value": _SECOND,
}
_AES = ("AES, UTF-8: verified and decrypted", "AES, GBK: verified and decrypted")
_SHA1 = "signed with `RSA` (SHA-1), for an app that allows `RSA2` only"
_BY_CELL = {
    **{(row, NODE): _NODE_CHARSET for row in (*_CHARSET_ROWS, *_NARROW_ROWS)},
    **{(row, PYTHON_ALIPAY_SDK): _PYTHON_CHARSET for row in (*_CHARSET_ROWS, *_NARROW_ROWS)},
    **{(row, ALIPAY_SDK_PYTHON): _NARROW for row in _NARROW_ROWS},
    **{(row, ALIPAY_SDK_PYTHON): _NO_AES for row in _AES},
    **{(row, PYTHON_ALIPAY_SDK): "It has no function that decrypts." for row in _AES},
    **{("`sign_type` in small letters, `rsa2`", column): _SMALL_LETTERS for column in (NODE, PYTHON_ALIPAY_SDK)},
    (_AES[1], NODE): "`aesDecrypt` reads the plaintext as UTF-8.",
    ("V2: `sign_type` is signed", PYTHON_ALIPAY_SDK): _NO_V2,
    ("a value percent-encoded once more", NODE): (
        "`checkNotifySign` decodes each value once more before it verifies: the text `%31%30.00` passes for the "
        "`10.00` that was signed. `checkNotifySignV2` refuses."
    ),
    (_SHA1, NODE): "The notification's `sign_type` goes before the one that is configured: the sender chooses.",
    (_SHA1, ALIPAY_SDK_PYTHON): (
        "`verify_with_rsa` takes the hash from the signature, whichever it names, and `sign_type` is not looked at."
    ),
    ("a comma", NODE): "A comma in a name is not escaped.",
    ("an emailAddress", NODE): (
        "Named `E`; by the gateway, it is named by its object identifier; by Java, by that and its bytes in hex."
    ),
}
_ONLY_FOUR = "It writes CN, OU, O and C, in this order, whatever the certificate holds, and escapes nothing."


def note_on(row: str, column: str) -> str:
    """Why this cell is as it is. Raises KeyError when nobody has explained it."""
    if (row, column) in _BY_CELL:
        return _BY_CELL[row, column]
    return _BY_ROW[row]


def note_on_sn(row: str, column: str) -> str:
    """Why this SDK computes another SN. Raises KeyError when nobody has explained it."""
    return _ONLY_FOUR if column == PYTHON_ALIPAY_SDK else _BY_CELL[row, column]
