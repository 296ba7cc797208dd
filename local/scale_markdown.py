"""Tables in Markdown, and the page that holds them between markers."""

import re
from collections.abc import Mapping, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(map(str, line)) + " |" if line[0] != "---" else "|---" * len(head) + "|" for line in lines
    )


def money(dollars: float) -> str:
    """To the cent up to ten dollars, to the dollar above."""
    if 0 < dollars < 0.005:
        return "< 0.01"
    return f"{dollars:,.2f}" if dollars < 10 else f"{dollars:,.0f}"


def marked(name: str, text: str) -> str:
    """A table as it stands in the page."""
    return f"<!-- scale: {name} -->\n\n{text}\n\n<!-- end -->"


def filled(page: str, tables: Mapping[str, str]) -> str:
    """The page with its tables made anew. Raises KeyError for a marker without a table, or a table without a marker."""
    used: set[str] = set()

    def fill(found: re.Match[str]) -> str:
        used.add(found[1])
        return marked(found[1], tables[found[1]])

    page = re.sub(r"<!-- scale: ([\w-]+) -->.*?<!-- end -->", fill, page, flags=re.DOTALL)
    if missing := tables.keys() - used:
        raise KeyError(f"The page has no place for {sorted(missing)}")
    return page
