"""`make catalogue`: make the pages of docs/messages and the consumers' typed messages from the schemas."""

import subprocess
import sys
from pathlib import Path

from local.catalogue_model import read_catalogue
from local.catalogue_pages import index, page
from local.catalogue_python import python_module

ROOT = Path(__file__).parents[1]
PAGES = Path("docs", "messages")
MODULE = Path("consumer", "alipay_events", "messages.py")


def generated_files() -> dict[Path, str]:
    """Path below the repository's root → content."""
    messages = read_catalogue()
    files = {PAGES / f"{message.name}.md": page(message) for message in messages}
    return {**files, PAGES / "README.md": index(messages), MODULE: _formatted(python_module(messages))}


def _formatted(source: str) -> str:
    """The source as `make format` would leave it."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", MODULE.as_posix(), "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True, check=True, cwd=ROOT).stdout.decode()  # noqa: S603


def main() -> None:
    files = generated_files()
    for path in (ROOT / PAGES).glob("*.md"):
        if path.relative_to(ROOT) not in files:
            path.unlink()  # the page of a message that has no schema any more
    for path, content in files.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(content, encoding="utf-8")
    print(f"Wrote {len(files)} files: {PAGES}/ and {MODULE}")


if __name__ == "__main__":
    main()
