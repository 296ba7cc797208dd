"""What the findings say, in both languages: findings.toml, filled in."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.doctor.case import Finding

FILE = Path(__file__).with_name("findings.toml")


@dataclass(frozen=True)
class Text:
    """A finding in words: what is wrong and what to do about it."""

    en: str
    zh: str
    do_en: str
    do_zh: str
    level: str = "problem"


@cache
def table() -> dict[str, Text]:
    """Every text by its cause, the details not filled in."""
    return {cause: Text(**texts) for cause, texts in tomllib.loads(FILE.read_text("utf-8")).items()}


def text_of(finding: Finding) -> Text:
    """The text of a finding."""
    text = table()[finding.cause]
    en, zh, do_en, do_zh = (part.format_map(finding.details) for part in (text.en, text.zh, text.do_en, text.do_zh))
    return Text(en, zh, do_en, do_zh, text.level)
