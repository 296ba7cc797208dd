"""The Chinese README says what the English one says: section for section, command for command, row for row."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.template.conftest import ROOT, parse

PAGES = ["README.md", "README.zh-CN.md"]
TITLES = {
    "Alipay notification gateway · 支付宝消息网关": "支付宝消息网关 · Alipay notification gateway",
    "Try it": "快速体验",
    "Deploy it to AWS": "部署到 AWS",
    "The keyring": "密钥库",
    "The message": "消息",
    "The replies": "应答",
    "How it keeps its promise": "如何兑现承诺",
    "When something got stuck": "通知卡住时",
    "When it does not verify": "验签不通过时",
    "Logs and metrics": "日志与指标",
    "Alarms and the dashboard": "告警与控制面板",
    "Parameters": "参数",
    "Performance and cost": "性能与费用",
    "On your own machine": "在本机运行",
    "Subscribers in other accounts, and encryption": "跨账户订阅与加密",
    "Limits": "限制",
    "Development": "开发",
}
# English writes small numbers as words where Chinese has digits; but in these sections both have the same digits.
EXACT = {"Performance and cost", "Limits"}
SHAPE = {
    "paragraph_open": "paragraph",
    "list_item_open": "list item",
    "strong_open": "bold passage",
    "image": "image",
    "th_open": "table column",
    "tr_open": "table row",
    "fence": "code block",
}
PARAMETERS = "|".join(parse(ROOT / "template.yaml")["Parameters"])
# What is never translated, whether it is marked as code or not. An `s` in the end may be a plural's.
NAME = re.compile(rf"\b(?:{PARAMETERS})\b|[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*_(?:[A-Za-z0-9]+?)(?=s?\b)", re.ASCII)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*", re.ASCII)
HALF_WIDTH = re.compile("[\u3400-\u9fff] ?[,;:!?()]|[,;:!?()][\u3400-\u9fff]")
MARKDOWN = MarkdownIt("commonmark").enable("table")


def text(inline: Iterable[Token]) -> str:
    return " ".join(token.content for token in inline if token.type == "text")


def commands(block: Token) -> str:
    """A block of code without the comments of shell sessions, which are in the language of the page."""
    if block.info != "console":
        return block.content
    lines = (re.sub(r"(^|\s+)# .*", "", line) for line in block.content.splitlines())
    return "\n".join(line for line in lines if line)


@dataclass
class Section:
    """What of a section must be the same in both languages."""

    title: str
    level: str
    shape: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    blocks: list[str] = field(default_factory=list)
    rows: list[list[set[str]]] = field(default_factory=list)
    """Of its tables' rows the names and numbers in each cell."""

    def add(self, token: Token, before: Token) -> None:
        inline = token.children or []
        names = {" ".join(part.content.split()) for part in inline if part.type == "code_inline"}
        names |= set(NAME.findall(text(inline)))
        numbers = set(NUMBER.findall(text(inline)))
        self.shape.update(SHAPE[part.type] for part in [token, *inline] if part.type in SHAPE and not part.hidden)
        self.names |= names
        self.numbers |= numbers
        self.links |= {str(part.attrs.get("href") or part.attrs["src"]) for part in inline if part.attrs}
        if token.type == "fence":
            self.blocks.append(commands(token))
        elif token.type == "tr_open":
            self.rows.append([])
        elif before.type in {"th_open", "td_open"}:
            self.rows[-1].append(names | numbers)


def read(page: str) -> dict[str, Section]:
    """The sections of a page by title."""
    sections: list[Section] = []
    for before, token in pairwise(MARKDOWN.parse((ROOT / page).read_text())):
        if before.type == "heading_open":
            sections.append(Section(token.content, before.tag))
        elif sections:
            sections[-1].add(token, before)
    return {section.title: section for section in sections}


ENGLISH, CHINESE = map(read, PAGES)
Pair = tuple[Section, Section]


@pytest.fixture(params=TITLES)
def pair(request: pytest.FixtureRequest) -> Pair:
    """A section in English and in Chinese."""
    english, chinese = ENGLISH.get(request.param), CHINESE.get(TITLES[request.param])
    if english is None or chinese is None:
        pytest.fail(f"README.md has no {request.param!r}, or README.zh-CN.md no {TITLES[request.param]!r}")
    return english, chinese


def assert_same(pair: Pair, english: Iterable[str], chinese: Iterable[str], *, where: str = "") -> None:
    """Fails with what one page's section has and the other's lacks."""
    wanted, found = Counter(english), Counter(chinese)
    lacking = [f"README.zh-CN.md, {pair[1].title}{where}, lacks: {one}" for one in (wanted - found).elements()]
    lacking += [f"README.md, {pair[0].title}{where}, lacks: {one}" for one in (found - wanted).elements()]
    assert not lacking, "\n" + "\n".join(lacking)


def test_the_sections_are_the_same_in_the_same_order() -> None:
    assert list(ENGLISH) == list(TITLES), "README.md's headings are not those of TITLES in this file"
    assert list(CHINESE) == list(TITLES.values()), "README.zh-CN.md's headings are not those of TITLES in this file"
    assert [section.level for section in CHINESE.values()] == [section.level for section in ENGLISH.values()]


def test_a_section_has_as_many_paragraphs_list_items_rows_and_blocks(pair: Pair) -> None:
    assert_same(pair, *(section.shape.elements() for section in pair))


def test_a_section_has_the_same_commands_and_code_to_the_letter(pair: Pair) -> None:
    for number, blocks in enumerate(zip_longest(*(section.blocks for section in pair), fillvalue=""), 1):
        assert_same(pair, *(block.splitlines() for block in blocks), where=f", code block {number}")
        assert blocks[1] == blocks[0], (
            f"README.zh-CN.md, {pair[1].title}: lines of code block {number} are out of order"
        )


def test_a_section_has_the_same_rows_in_its_tables(pair: Pair) -> None:
    for row, (english, chinese) in enumerate(zip_longest(*(section.rows for section in pair), fillvalue=[]), 1):
        for column, (wanted, found) in enumerate(zip_longest(english, chinese, fillvalue=set[str]()), 1):
            assert_same(pair, wanted, found, where=f", table row {row}, column {column}")


def test_a_section_has_the_same_names_of_things(pair: Pair) -> None:
    assert_same(pair, *(section.names for section in pair))


def test_a_section_has_the_same_numbers(pair: Pair) -> None:
    english, chinese = (section.numbers for section in pair)
    assert_same(pair, english, chinese if pair[0].title in EXACT else chinese & english)


def test_a_section_has_the_same_links(pair: Pair) -> None:
    outward = ({link for link in section.links if link[0] != "#"} - {*PAGES} for section in pair)
    assert_same(pair, *outward)


def test_the_pages_lead_to_each_other() -> None:
    assert PAGES[1] in next(iter(ENGLISH.values())).links
    assert PAGES[0] in next(iter(CHINESE.values())).links


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page in addresses."""
    tokens = pairwise(MARKDOWN.parse(page.read_text()))
    titles = (token.content for before, token in tokens if before.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_a_link_into_the_repository_leads_somewhere(page: str) -> None:
    for section in read(page).values():
        for link in section.links:
            path, _, anchor = unquote(link).partition("#")
            there = ROOT / (path or page)
            found = ":" in link or (there.exists() and (not anchor or anchor in anchors(there)))
            assert found, f"{page}, {section.title}: {link} leads nowhere"


def test_chinese_has_its_own_punctuation_and_no_mark_of_bold_is_left_over() -> None:
    for token in MARKDOWN.parse((ROOT / PAGES[1]).read_text()):
        prose = "".join(part.content for part in token.children or [] if part.type in {"text", "code_inline"})
        wrong = HALF_WIDTH.search(prose) or re.search(r"\*\*", text(token.children or []))
        assert not wrong, f"README.zh-CN.md: {wrong[0]} in {prose[:60]}…"
