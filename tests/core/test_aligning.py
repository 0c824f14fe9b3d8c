"""Sounds laid over each other: when, which way round, how loud."""

from __future__ import annotations

import numpy as np
import pytest
from distill_core.audio.aligning import lag_between, mixed

RATE = 48_000


def hit(at: int, samples: int = 12_000, seed: int = 0) -> np.ndarray:
    """Make a decaying burst of noise that begins at some sample, [1, T]."""
    wave = np.zeros((1, samples), np.float32)
    drawn = np.random.default_rng(seed).standard_normal(samples - at)
    wave[0, at:] = drawn * np.exp(-np.arange(samples - at) / 2000)
    return wave


@pytest.mark.parametrize("lag", [-1200, -37, 0, 1, 480, 1200])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_sound_is_laid_where_its_like_is(lag: int, sign: int) -> None:
    """Two attacks a few milliseconds apart are a flam, and turned round they are a hole."""
    assert lag_between(hit(2000 + lag), sign * hit(2000), RATE) == (lag, sign)


def test_nothing_moves_further_than_25_ms() -> None:
    """Beyond it a sound would be off the beat."""
    lag, _ = lag_between(hit(4000), hit(0), RATE)
    assert abs(lag) <= 1200


def test_no_sound_loses_its_attack() -> None:
    """A drum that begins where it fits best, in its middle, is no drum any more."""
    late, early = hit(600), hit(0)
    assert lag_between(late, early, RATE) == (600, 1)
    lag, _ = lag_between(early[:, 600:], early, RATE)
    assert lag >= 0


def test_what_has_nothing_in_common_stays() -> None:
    """Silence is like everything."""
    silence = np.zeros((1, 500), np.float32)
    assert lag_between(hit(10), silence, RATE) == (0, 1)
    assert lag_between(silence, hit(10), RATE) == (0, 1)
    assert lag_between(silence[:, :1], silence[:, :1], RATE) == (0, 1)


def test_sounds_that_differ_are_mixed_with_equal_power() -> None:
    """Half of each is as loud as either."""
    rng = np.random.default_rng(1)
    waves = [0.1 * rng.standard_normal((2, 3 * RATE)).astype(np.float32) for _ in range(3)]
    power = np.square(mixed(waves, [0.5, 0.3, 0.2], RATE)).mean()
    assert power == pytest.approx(0.01, rel=0.05)


def test_a_sound_turned_round_does_not_cancel_its_like() -> None:
    """Polarity is an accident of the phase that was drawn."""
    wave = hit(100)
    both = mixed([wave, -wave], [0.5, 0.5], RATE)
    assert np.allclose(both, np.sqrt(2) * wave, atol=1e-5)


def test_the_third_does_not_cancel_the_second() -> None:
    """Each is laid against the mix of those before it, not against the first alone."""
    first, second = hit(100), hit(100, seed=2)
    three = mixed([first, second, -second], [0.2, 0.4, 0.4], RATE)
    assert np.square(three).sum() > 1.2 * np.square(second).sum()


def test_the_longest_counts() -> None:
    """Tails are not cut."""
    long, short = hit(0, samples=9000), hit(0, samples=3000)
    assert mixed([short, long], [0.5, 0.5], RATE).shape == (1, 9000)
    assert mixed([long, short], [0.5, 0.5], RATE).shape == (1, 9000)
