"""What the Python drivers share: the conversation, and a form as a web framework reads it. Standard library only."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl


def answer(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Answers each line `{"call": …, "arguments": {…}}` of stdin with `{"returned": …}` or `{"raised": …}`."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what an SDK prints is no reply
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = {"returned": functions[question["call"]](**question["arguments"])}
        except Exception as error:  # noqa: BLE001  whatever an SDK raises is its answer
            reply = {"raised": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


def form_dict(form: str, encoding: str) -> dict[str, str]:
    """What Flask's `request.form.to_dict()` gives: UTF-8 unless told otherwise, blank values kept, the first of a name.

    Django's `request.POST` takes `encoding` from the Content-Type.
    """
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(form, keep_blank_values=True, encoding=encoding, errors="replace"):
        parameters.setdefault(name, value)
    return parameters
