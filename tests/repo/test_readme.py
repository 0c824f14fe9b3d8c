"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from distill_cli.scaffold.naming import Names
from distill_cli.scaffold.writing import rendered

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readmes_backend_is_what_the_scaffold_writes() -> None:
    """People copy it, and begin from there; what the scaffold writes is tested as a whole."""
    (shown,) = (b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "hookimpl" in b)
    written = rendered(Names.of("mine"))["src/distill_mine/__init__.py"]
    assert written.endswith("\n\n" + shown)
    assert f": {len(rendered(Names.of('mine')))} files\n" in README


def test_the_readme_names_only_flags_that_exist() -> None:
    """A flag that is only in the README helps nobody."""
    from ..conftest import call

    shown = set(re.findall(r"(?<=\s)--[a-z][a-z-]+", README))
    there = "".join(
        call(*name.split(), "--help").out
        for name in ("scan", "train", "generate", "info", "reconstruct", "plugins")
    )
    assert shown - {"--help"} <= set(re.findall(r"--[a-z][a-z-]+", there))
