"""Measures of what is heard, by other means than the VAE's own: on samples, whole and in frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]  # [T]
WINDOW, HOP = 2048, 512
PRESENT = 1e-4  # of the loudest frame's power


def brightness(samples: Samples, rate: int) -> float:
    """Give the mean centroid of what sounds, in octaves."""
    spectrum = _sounding(samples)
    hertz = np.fft.rfftfreq(WINDOW, 1 / rate)
    return float(np.log2((spectrum @ hertz / spectrum.sum(1)).mean()))


def loudness(samples: Samples, rate: int) -> float:
    """Give the RMS level in dB."""
    return float(10 * np.log10(np.square(samples).mean() + 1e-12))


def noisiness(samples: Samples, rate: int) -> float:
    """Give the mean flatness of what sounds, in dB."""
    power = np.square(_sounding(samples)) + 1e-10
    return float((10 * (np.log10(power).mean(1) - np.log10(power.mean(1)))).mean())


def pitch(samples: Samples, rate: int) -> float:
    """Give the period that the loudest moment repeats itself with best, in octaves."""
    loudest = int(np.convolve(np.square(samples), np.ones(WINDOW), "same").argmax())
    part = samples[max(0, loudest - WINDOW) : loudest + WINDOW]
    alike = np.fft.irfft(np.square(np.abs(np.fft.rfft(part, 4 * WINDOW))))
    lags = slice(rate // 2000, rate // 40)
    return float(np.log2(rate / (lags.start + int(alike[lags].argmax()))))


def attack(samples: Samples, rate: int) -> float:
    """Give the seconds from where a sound is heard to its loudest moment."""
    envelope = np.convolve(np.square(samples), np.ones(HOP) / HOP, "same")
    heard = int((envelope > 1e-3 * envelope.max()).argmax())
    return (int(envelope.argmax()) - heard) / rate


def duration(samples: Samples, rate: int) -> float:
    """Give the seconds that hold 95 % of the energy."""
    energy = np.cumsum(np.square(samples))
    return float(np.searchsorted(energy, 0.95 * energy[-1])) / rate


def _sounding(samples: Samples) -> Samples:
    """Give magnitudes [N, F] of the frames that sound."""
    padded = np.pad(samples, (WINDOW // 2, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.square(frames).sum(1)
    kept = frames[power > PRESENT * power.max()] * np.hanning(WINDOW)
    magnitudes: Samples = np.abs(np.fft.rfft(kept)) + 1e-9
    return magnitudes


MEASURES: dict[str, Callable[[Samples, int], float]] = {
    "brightness": brightness, "loudness": loudness, "noisiness": noisiness, "pitch": pitch,
    "attack": attack, "duration": duration,
}  # fmt: skip
