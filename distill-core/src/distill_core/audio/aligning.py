"""Lay sounds over each other so that they do not cancel. Letters: C channels, T samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .decoding import Block

REACH_SECONDS = 0.025  # that a sound is moved at most: less than a rhythm can hear
LEAN = 0.5  # of a likeness, by which the furthest lag is thought less of
QUIET = 0.01  # of a sound's peak: what comes before the first sample above it may be cut
LISTENED_SECONDS = 30.0  # of each sound; more would change no lag, and take its time


def mixed(waves: Sequence[Block], weights: Sequence[float], sample_rate: int) -> Block:
    """Mix sounds [C, T_i] with equal power: each by the root of its weight, the weights being 1.

    Each is moved, and turned round, to where it is most alike to the mix of those before it.

    Returns:
        A sound that lasts until the last of them ends.
    """
    whole: Block = np.float32(weights[0] ** 0.5) * waves[0]
    for wave, weight in zip(waves[1:], weights[1:], strict=True):
        lag, sign = lag_between(whole, wave, sample_rate)
        laid = np.float32(sign * weight**0.5) * _moved(wave, lag)
        length = max(whole.shape[1], laid.shape[1])
        whole = np.add(_padded(whole, length), _padded(laid, length))
    return whole


def lag_between(fixed: Block, wave: Block, sample_rate: int) -> tuple[int, int]:
    """Say by how many samples to delay `wave`, and whether to turn it round (-1), to fit `fixed`.

    By the cross-correlation of their means over all channels; of two lags that fit alike, the
    shorter. Sounds that have nothing in common stay where they are, and none loses its attack.
    """
    reach = round(REACH_SECONDS * sample_rate)
    heard = round(LISTENED_SECONDS * sample_rate)
    one, other = (each[:, :heard].mean(0, dtype=np.float64) for each in (fixed, wave))
    size = 1 << (max(len(one), len(other)) + 2 * reach).bit_length()
    product = np.fft.rfft(one, size) * np.fft.rfft(other, size).conj()
    alike = np.roll(np.fft.irfft(product, size), reach)[: 2 * reach + 1]
    lags = np.arange(-reach, reach + 1)
    score = np.abs(alike) * (1 - LEAN * np.abs(lags) / max(reach, 1))
    score[lags < -_silence_before(other)] = 0
    best = int(score.argmax()) if score.any() else reach
    return int(lags[best]), 1 if alike[best] >= 0 else -1


def _silence_before(sound: NDArray[np.float64]) -> int:
    """Count the samples before a sound [T] is heard."""
    loud = np.abs(sound)
    return int((loud > QUIET * loud.max(initial=0.0)).argmax())


def _moved(wave: Block, lag: int) -> Block:
    """Delay a sound, or bring it forward by as much of its beginning."""
    return np.pad(wave, ((0, 0), (lag, 0))) if lag > 0 else wave[:, -lag:]


def _padded(wave: Block, length: int) -> Block:
    return np.pad(wave, ((0, 0), (0, length - wave.shape[1])))
