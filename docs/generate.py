"""Make the pages that say what code says already, or check that they are as it is now."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
LINE = "<!-- Made from the sources by `nox -s docs`; what is changed here is lost. -->\n"
FIXED = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def pages() -> dict[str, Callable[[], str]]:
    """Name the pages and what makes each."""
    import commands_page
    import hooks_page

    return {"hooks.md": hooks_page.page, "commands.md": commands_page.page}


def main() -> None:
    """Write the pages; with --check, say which differ and end with 1."""
    check = sys.argv[1:] == ["--check"]
    for name in [each for each in os.environ if each.startswith("DISTILL_")]:
        del os.environ[name]
    os.environ |= FIXED
    stale = []
    for name, make in pages().items():
        text, file = f"{LINE}\n{make().rstrip()}\n", HERE / name
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            file.write_text(text, encoding="utf-8")
            print(f"docs/{name} is made anew.")
    if check and stale:
        sys.exit(f"docs/{' and docs/'.join(stale)} differ from the sources: run nox -s docs.")


if __name__ == "__main__":
    main()
