"""`make conformance`: measure what the gateway and the SDKs verify, and write docs/conformance.md."""

import sys

from local.conformance.drivers import running_sdks
from local.conformance.environments import ROOT, SetUpFailed, why_no_node
from local.conformance.measurement import measure
from local.conformance.page import render

PAGE = ROOT / "docs" / "conformance.md"


def main() -> int:
    if why_no_node():
        print(f"The page needs all three SDKs: {why_no_node()}", file=sys.stderr)
        return 1
    try:
        with running_sdks() as sdks:
            page = render(measure(sdks))
    except SetUpFailed as error:
        print(error, file=sys.stderr)
        return 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
