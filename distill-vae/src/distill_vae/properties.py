"""Measure what is heard of a sound, on the magnitudes that it is made of.

Letters: G sounds, N frames, F bins.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor

NAMES = ("brightness", "loudness", "noisiness", "pitch", "attack", "duration")
# octaves, dB, dB, octaves and seconds: clips that differ by less are alike to most ears
AUDIBLE = (0.3, 3.0, 2.0, 0.2, 0.02, 0.05)
DEAD = 50.0  # dB below its loudest frame a sound is over
PRESENT = 30.0  # dB below it a frame still counts
RISEN = 1.0  # dB below it a sound has come to its full level
LOWEST_PITCH, HIGHEST_PITCH = 50.0, 2000.0  # Hz
LOWEST_CENTRE = 20.0  # Hz, of a centroid
COMPRESSION = 0.3  # of powers, before their period is looked for: overtones count as well
HARMONIC = 0.85  # of the strongest period's likeness is enough for a shorter one
TINY = 1e-12


@frozen
class Scale:
    """What turns frames and bins into seconds and Hz."""

    sample_rate: int
    hop_length: int


def measure(magnitudes: Tensor, scale: Scale) -> Tensor:
    """Measure sounds by their magnitudes [G, N, F]; give [G, 6] in the order of `NAMES`.

    Brightness is the centroid in octaves, loudness the RMS level in dB, noisiness the flatness
    in dB, pitch the fundamental in octaves, attack the time to the full level and duration that
    until the sound is 30 dB below it, both in seconds.
    """
    power = magnitudes.square()
    frames = power.sum(-1)  # [G, N]
    level = 10 * torch.log10(frames.clamp_min(TINY))
    level = level - level.amax(1, keepdim=True)
    present = level >= -PRESENT
    alive = _until(level >= -DEAD)
    seconds = scale.hop_length / scale.sample_rate
    weights = present / present.sum(1, keepdim=True)
    return torch.stack(
        [
            _centroid((magnitudes * alive[..., None]).sum(1), scale),
            10 * torch.log10((frames * alive).sum(1) / alive.sum(1) + TINY),
            (_flatness(power) * weights).sum(1),
            _pitch((power * present[..., None]).sum(1), scale),
            (_first(level >= -RISEN) - _first(present)) * seconds,
            _until(present).sum(1) * seconds,
        ],
        1,
    )


def deviations(measured: Tensor) -> Tensor:
    """Give how far the properties [G, 6] of sounds differ, [6]; at least as far as is heard.

    Of sounds that all begin alike, a slider's little is else taken for very much.
    """
    return measured.std(0).maximum(torch.tensor(AUDIBLE))


def _centroid(spectrum: Tensor, scale: Scale) -> Tensor:
    """Give the centroid of spectra [G, F], in octaves."""
    hertz = torch.linspace(0, scale.sample_rate / 2, spectrum.shape[-1])
    mean = (spectrum * hertz).sum(-1) / spectrum.sum(-1).clamp_min(TINY)
    return mean.clamp_min(LOWEST_CENTRE).log2()


def _flatness(power: Tensor) -> Tensor:
    """Give the flatness of each frame [G, N] of powers [G, N, F], in dB: 0 is white noise."""
    safe = power + power.amax(-1, keepdim=True) * 1e-8 + TINY
    return 10 * (safe.log10().mean(-1) - safe.mean(-1).log10())


def _pitch(power: Tensor, scale: Scale) -> Tensor:
    """Give the fundamental of spectra [G, F], in octaves: the shortest period that fits well."""
    likeness = torch.fft.irfft(power**COMPRESSION)  # [G, lags]
    least = max(1, round(scale.sample_rate / HIGHEST_PITCH))
    most = min(likeness.shape[-1] // 2, round(scale.sample_rate / LOWEST_PITCH))
    lags = likeness[:, least : most + 1]
    peaks = torch.zeros_like(lags, dtype=torch.bool)
    peaks[:, 1:-1] = (lags[:, 1:-1] >= lags[:, :-2]) & (lags[:, 1:-1] > lags[:, 2:])
    heights = torch.where(peaks, lags, -torch.inf)
    best = heights.amax(1, keepdim=True)
    good = peaks & (heights >= best * HARMONIC)
    lag = least + torch.where(good.any(1), good.to(torch.uint8).argmax(1), lags.argmax(1))
    return torch.log2(scale.sample_rate / lag)


def _first(frames: Tensor) -> Tensor:
    """Give the first true frame of each row [G]."""
    return frames.to(torch.uint8).argmax(1)


def _until(frames: Tensor) -> Tensor:
    """Mark each frame [G, N] up to the last true one."""
    return frames.flip(1).cummax(1).values.flip(1) if frames.shape[1] else frames
