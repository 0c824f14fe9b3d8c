"""What the tests of core write sounds with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

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
