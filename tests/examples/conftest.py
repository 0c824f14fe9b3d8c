"""An environment to install examples into, and how long their code is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..environment import ROOT, Environment

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Make one; what is installed into it is gone with it."""
    return Environment(tmp_path_factory.mktemp("environment") / "stranger")


def lines(folder: Path) -> int:
    """Count the lines of Python in a folder that are not blank, docstrings included."""
    texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.py")]
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())
