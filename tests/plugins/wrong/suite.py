"""The conformance suite over every wrong backend, for the pytest within test_wrong.py.

A class each, made here: what a stranger's test file has is the same three lines for each of them.
They share their sounds, which are decoded once.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from distill_core.claims import installed_claims
from distill_core.testing import BackendTests
from distill_core.testing.trial import write_sounds

HERE = Path(__file__).parent
NAMES = [claim.name for claim in installed_claims(distributions(path=[str(HERE)]))]


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep one cache of decoded sounds for all of them."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISTILL_HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def shared_sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthesise the sounds once."""
    return write_sounds(tmp_path_factory.mktemp("sounds"))


class SharingTests(BackendTests):
    """The suite with two of its fixtures replaced."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def own_home(cls, shared_home: Path) -> Path:
        """Share the cache."""
        return shared_home

    @pytest.fixture(scope="class")
    @classmethod
    def sounds(cls, shared_sounds: Path) -> Path:
        """Share the sounds."""
        return shared_sounds


for name in NAMES:
    globals()[f"Test_{name}"] = type(f"Test_{name}", (SharingTests,), {"model_type": name})
