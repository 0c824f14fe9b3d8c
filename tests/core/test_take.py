"""What core does to a take before it is written."""

from __future__ import annotations

import numpy as np
import pytest
from distill_core.errors import AudioError
from distill_core.generating.take import finish


def test_a_take_beyond_full_scale_is_turned_down_and_told_not_cut() -> None:
    """Cut peaks are heard as crackle."""
    wave = 1.5 * np.sin(np.arange(4800) / 10, dtype=np.float32)[None]
    sound, beyond = finish(wave, 48_000)
    assert beyond > 0
    assert 0.97 < np.abs(sound.samples).max() < 1
    middle = slice(1000, 3000)
    assert np.allclose(sound.samples[:, middle] / wave[:, middle], 0.989 / 1.5, atol=1e-3)


def test_a_take_within_full_scale_keeps_its_level_and_its_ends_are_silent() -> None:
    """A click at either end is the first thing that one hears."""
    wave = np.full((2, 4800), 0.5, np.float32)
    sound, beyond = finish(wave, 48_000)
    assert beyond == 0
    assert (sound.samples[:, 100:4000] == 0.5).all()
    assert np.abs(sound.samples[:, [0, -1]]).max() < 0.03


def test_what_is_no_sound_is_refused() -> None:
    """NaN would be written as noise at full scale."""
    with pytest.raises(AudioError, match="NaN"):
        finish(np.array([[0.0, np.nan]], np.float32), 48_000)
