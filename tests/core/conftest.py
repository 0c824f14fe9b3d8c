"""Sounds to test with, and a library and cache of the test's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from .sounds import FORMATS, RATE, Write, tone


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's cache and library apart from the user's."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def write() -> Write:
    """Write a sound: `write(path, seconds=…, channels=…, rate=…, samples=[T, C])`."""

    def write(
        path: Path,
        seconds: float = 0.6,
        channels: int = 1,
        rate: int = RATE,
        seed: int = 0,
        samples: np.ndarray | None = None,
        subtype: str | None = None,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        wave = tone(seconds, channels, rate, seed) if samples is None else samples
        kind, usual = FORMATS[path.suffix[1:].lower()]
        soundfile.write(path, wave, rate, format=kind, subtype=subtype or usual)
        return path

    return write
