"""A model file that is soon written, loaded and played."""

from __future__ import annotations

from pathlib import Path

import pytest
from distill_vqvae import VQVAEModel

from .strangers import SMALLEST, written


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Write a model file of a few kB."""
    return written(tmp_path / "tiny.distill", VQVAEModel(frame_hop=32, **SMALLEST), 0.1)
