"""Whether a request has been cut off somewhere on its way, or when it was copied."""

import json
import re

from local.doctor.case import Case, Finding
from local.doctor.reading import pieces


def cut_off(case: Case) -> Finding | None:
    """What shows that something is missing at the end of the part; None when nothing does."""
    capture, part = case.capture, case.part
    if capture.declared_length is not None and capture.part[0] == "body" and len(part) < capture.declared_length:
        return Finding("cut_length", {"declared": capture.declared_length, "length": len(part)})
    if capture.base64_is_broken:
        return Finding("cut_base64")
    if re.search(rb"%[0-9A-Fa-f]?$", part):
        return Finding("cut_escape")
    if pieces(part) and pieces(part)[-1][0] == b"biz_content" and not case.raw("encrypt_type"):
        try:
            json.loads(case.parameters[b"biz_content"].decode("utf-8", "replace"), strict=False)
        except ValueError:
            return Finding("cut_json")
    return None


def sign_is_last(case: Case) -> bool:
    """Whether a cut at the end of the part would have shortened `sign`."""
    return bool(pieces(case.part)) and pieces(case.part)[-1][0] == b"sign"
