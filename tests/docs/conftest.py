"""One reader follows the guide for all tests."""

from __future__ import annotations

import pytest

from ..environment import ROOT, Environment
from .guide import Reader, blocks

PAGE = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Give a reader who has not begun yet."""
    environment = Environment(tmp_path_factory.mktemp("reader") / "venv")
    return Reader(environment, blocks(PAGE), tmp_path_factory.mktemp("projects"))
