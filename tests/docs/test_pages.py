"""hooks.md and commands.md are what the sources say, on every machine."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..plugins import environment
from ..repo.sources import ROOT
from ..repo.test_words import hooks

HOOKS = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_pages_are_as_the_sources_are_now(tmp_path: Path) -> None:
    """Whatever is installed beside, however wide the terminal: two people must make one page."""
    around = environment(tmp_path, "good", "command", "raises")
    around["PYTHONPATH"] += ":" + ":".join(sys.path)
    around |= {"COLUMNS": "40", "DISTILL_SEED": "7", "DISTILL_BACKENDS": "", "FORCE_COLOR": "1"}
    command = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, env=around, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_command_has_its_help() -> None:
    """One whose help went elsewhere than to stdout would have none here, nor in a pipe."""
    helps = re.findall(r"^## (distill.*)\n\n```text\n(.*)$", COMMANDS, re.MULTILINE)
    assert {"distill", "distill train", "distill plugins new"} <= {name for name, _ in helps}
    assert [name for name, first in helps if not first.startswith(f"Usage: {name} ")] == []


def test_nothing_of_a_strangers_is_on_the_page_of_commands() -> None:
    """The tests' own plugins stood beside ours when it was checked."""
    assert "## distill train-prior" in COMMANDS
    assert "hush" not in COMMANDS
    assert "whisper" not in COMMANDS


@pytest.mark.parametrize(("name", "hook"), sorted(hooks().items()))
def test_every_hook_has_an_entry_that_tells_all(name: str, hook: Callable[..., Any]) -> None:
    """When it is called, what it must give, what it must not do, and each argument."""
    entry = HOOKS.partition(f"### `{name}`\n")[2].partition("\n### ")[0]
    words = " ".join(entry.split())
    assert "Called " in words
    assert re.search("Must give|Must yield|Must leave|What it gives", words)
    assert re.search("[Mm]ust not ", words)
    assert f"@hookimpl\ndef {name}(" in entry
    for argument in inspect.signature(hook).parameters:
        assert f"| `{argument}` |" in entry
