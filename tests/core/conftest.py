"""Sounds to test with, and a library and cache of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 48_000
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
}

Write = Callable[..., Path]


def tone(seconds: float, channels: int = 1, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Make a sine in a little noise, float32 `[T, C]`."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * (200 + seed) * t)[:, None]
    return (wave + 0.05 * rng.standard_normal((len(t), channels))).astype(np.float32)


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
