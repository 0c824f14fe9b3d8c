"""Parts that synthetic sounds are made of: envelopes, oscillators, filters. Nothing random.

Letters: T samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]  # [T]

RATE = 48_000  # Hz
FADE_SECONDS = 0.012  # at the end, so that nothing stops with a click


def times(seconds: float) -> Signal:
    """Count the seconds from 0, one value per sample."""
    result: Signal = np.arange(round(seconds * RATE)) / RATE
    return result


def decay(t: Signal, seconds: float) -> Signal:
    """Fall from 1 by 60 dB within `seconds`."""
    result: Signal = 10.0 ** (-3 * t / seconds)
    return result


def shaped(signal: Signal, attack: float) -> Signal:
    """Fade in over `attack` seconds and out over the last few milliseconds, to exact zeros."""
    result = signal.copy()
    rise = min(len(result) // 2, max(2, round(attack * RATE)))
    fall = min(len(result) // 2, round(FADE_SECONDS * RATE))
    result[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    result[len(result) - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    result[-1] = 0.0
    return result


def sine(hertz: Signal | float, t: Signal, start: float = 0.0) -> Signal:
    """Sound a sine of constant or moving frequency; `start` is its phase in cycles."""
    steps = np.broadcast_to(hertz, t.shape) / RATE
    result: Signal = np.sin(2 * np.pi * (start + np.cumsum(steps) - steps))
    return result


def saw(hertz: float, t: Signal, start: float = 0.0) -> Signal:
    """Sound a sawtooth with its step rounded off (PolyBLEP: Välimäki and Huovilainen 2007)."""
    step = hertz / RATE
    phase = (start + t * hertz) % 1.0
    result = 2 * phase - 1
    after, before = phase < step, phase > 1 - step
    x = phase[after] / step
    result[after] -= 2 * x - x**2 - 1
    x = (phase[before] - 1) / step
    result[before] -= x**2 + 2 * x + 1
    return result


def filtered(
    signal: Signal, *, low: float | None = None, high: float | None = None, poles: int = 4
) -> Signal:
    """Keep what lies between `low` and `high` Hz, at 6 dB an octave for each pole, in phase."""
    length = 2 * len(signal)  # room, so that the end does not ring into the beginning
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    gain = np.ones_like(hertz)
    if high is not None:
        gain /= np.sqrt(1 + (hertz / high) ** (2 * poles))
    if low is not None:
        ratio = (hertz / low) ** poles
        gain *= ratio / np.sqrt(1 + ratio**2)
    result: Signal = np.fft.irfft(np.fft.rfft(signal, length) * gain, length)[: len(signal)]
    return result


def string(pick: Signal, samples: int, damping: float, sustain: float) -> Signal:
    """Let a plucked string ring (Karplus and Strong 1983), one period at a time.

    Args:
        pick: one period of what the string is plucked with.
        samples: length of the result.
        damping: 0…0.5, how fast the high partials go.
        sustain: what is left of the amplitude after each period.
    """
    period = len(pick)
    rounds = -(-samples // period)
    result = np.empty((rounds, period))
    wave = pick
    for index in range(rounds):
        result[index] = wave
        earlier = np.concatenate([wave[-1:], wave[:-1]])
        wave = sustain * ((1 - damping) * wave + damping * earlier)
    return result.ravel()[:samples]
