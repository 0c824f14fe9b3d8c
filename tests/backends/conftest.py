"""Model files that are soon written, and runs that are soon trained, to be gone on with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from distill_vqvae import VQVAEModel

from .running import train
from .strangers import SMALLEST, written


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Write a model file of a few kB."""
    return written(tmp_path / "tiny.distill", VQVAEModel(frame_hop=32, **SMALLEST), 0.1)


@pytest.fixture
def every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens hear of a step now and then; here each must be heard."""
    monkeypatch.setattr("distill_core.training.run.STEP_EVENT_SECONDS", 0.0)


@pytest.fixture(scope="session")
def whole(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train both stages unbroken; read-only for tests."""
    return train(pack, tmp_path_factory.mktemp("whole") / "kit.distill")


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    """Give a finished model with its run, to be gone on with."""
    shutil.copytree(whole.parent, tmp_path / "done")
    return tmp_path / "done" / "kit.distill"
