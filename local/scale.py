"""What a rate of notifications costs, and which quota it meets first: prints the tables of docs/scale.md.

`python -m local.scale --write` writes them into the page.
"""

import argparse
from pathlib import Path

from local import scale_limit_tables as limit_tables
from local import scale_money_tables as money_tables
from local.scale_markdown import filled, marked

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"


def tables() -> dict[str, str]:
    """Each table by the name of its marker in the page."""
    return {
        "deliveries": money_tables.deliveries(),
        "costs": money_tables.costs(),
        "kinds": money_tables.kinds(),
        "items": money_tables.items(),
        "latency": money_tables.latency(),
        "quotas": limit_tables.quotas(),
        "index": limit_tables.index(),
        "regions": limit_tables.regions(),
        "storm": limit_tables.storm(),
        "outages": limit_tables.outages(),
        "throttle": limit_tables.throttle(),
        "prices": money_tables.prices(),
        "defaults": limit_tables.defaults(),
    }


def main() -> None:
    parser = argparse.ArgumentParser("python -m local.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the tables into docs/scale.md")
    if parser.parse_args().write:
        PAGE.write_text(filled(PAGE.read_text("utf-8"), tables()), "utf-8")
        return
    print("\n\n".join(marked(name, text) for name, text in tables().items()))


if __name__ == "__main__":
    main()
