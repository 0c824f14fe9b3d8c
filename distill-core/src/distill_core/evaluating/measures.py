"""What "good sound" means in numbers: pure functions of two sounds at one sample rate.

Sounds are mono, floats [T]; everything is computed in float64, so that no loudness is too much.
Letters: T samples, F bins, M mels, N frames.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor

from ..nn.mels import mel_filters

Samples = NDArray[np.floating] | Tensor

LONGEST_SECONDS, SHORTEST_SECONDS = 4.0, 0.5  # of a file, before it enters the model
WINDOWS = {32: 5, 64: 10, 128: 20, 256: 40, 512: 80, 1024: 160, 2048: 320}  # window: mel bands
OVERLAP = 4  # frames that cover each sample
MEL_FLOOR = 1e-5
BAND_WINDOW, BAND_MELS, BAND_FRAMES = 1024, 40, 16
POWER_FLOOR = 1e-8
HIGHEST_MATCH = 100.0  # dB; two equal sounds would match infinitely, which JSON cannot hold


@frozen
class Match:
    """How far one waveform follows another, in dB.

    Attributes:
        waveform_match: 0 is nothing in common, 100 the most that is told.
        si_sdr: the same as SI-SDR, kept within -100 and 100.
    """

    waveform_match: float
    si_sdr: float


def cut_for_measuring(sound: Samples, sample_rate: int) -> Tensor:
    """Cut a sound [T] to its first 4 s and pad it to 0.5 s, as it must enter the model."""
    cut = torch.as_tensor(sound)[: round(LONGEST_SECONDS * sample_rate)]
    return F.pad(cut, (0, max(0, round(SHORTEST_SECONDS * sample_rate) - len(cut))))


def measure_mel_distance(sound: Samples, other: Samples, sample_rate: int) -> float:
    """Sum over seven windows the mean |log10 mel - log10 mel'|.

    The multi-scale mel distance of "High-Fidelity Audio Compression with Improved RVQGAN" (Kumar
    et al. 2023). Lower is better; two white noises of one level are 1.39 apart.
    """
    total = 0.0
    for window, mels in WINDOWS.items():
        filters = mel_filters(window, mels, sample_rate)
        one, two = (
            torch.log10((_magnitudes(each, window) @ filters).clamp_min(MEL_FLOOR))  # [N, M]
            for each in (sound, other)
        )
        total += float((one - two).abs().mean())
    return total


def measure_band_error(sound: Samples, other: Samples, sample_rate: int) -> float:
    """Give the mean difference in dB of 40 mel bands' powers, each the mean of 16 frames.

    It does not hear which noise it was: two white noises of one level are 0.81 dB apart.
    """
    one, two = (_band_levels(each, sample_rate) for each in (sound, other))
    return float((one - two).abs().mean())


def measure_match(sound: Samples, other: Samples) -> Match | None:
    """Compare waveforms: 10 log10(|s|² / |s - a s'|²) at the best gain a, and SI-SDR.

    SI-SDR is that of "SDR - half-baked or well done?" (Le Roux et al. 2019): the part of `sound`
    that `other` brings back, over the rest of it.

    Returns:
        None where `sound` is silent: it has no waveform to follow.
    """
    one, two = (torch.as_tensor(each).double() for each in (sound, other))
    energy, energy_of_other = float(one @ one), float(two @ two)
    if energy == 0:
        return None
    gain = float(one @ two) / energy_of_other if energy_of_other else 0.0
    rest = one - gain * two
    error, kept = float(rest @ rest), gain * gain * energy_of_other
    return Match(max(0.0, _decibels(energy, error)), _decibels(kept, error))


def _band_levels(sound: Samples, sample_rate: int) -> Tensor:
    """Give band powers [M, N'] in dB, each the mean of 16 frames, 8 apart."""
    filters = mel_filters(BAND_WINDOW, BAND_MELS, sample_rate)
    power = (_magnitudes(sound, BAND_WINDOW).square() @ filters).T  # [M, N]
    width = min(BAND_FRAMES, power.shape[-1])
    means = power.unfold(-1, width, BAND_FRAMES // 2).mean(-1)  # [M, N']
    return 10 * torch.log10(means.clamp_min(POWER_FLOOR))


def _magnitudes(sound: Samples, window: int) -> Tensor:
    """Give |STFT| [N, F]: periodic Hann, hop of a quarter, centred, reflected edges."""
    wave = torch.as_tensor(sound).double()
    wave = F.pad(wave, (0, max(0, window // 2 + 1 - len(wave))))  # reflecting needs that many
    taper = torch.hann_window(window, dtype=torch.float64)
    hop = window // OVERLAP
    return torch.stft(wave, window, hop, window=taper, return_complex=True).abs().T


def _decibels(power: float, other: float) -> float:
    """Give a ratio of powers in dB, within what is told."""
    if not power or not other:
        return HIGHEST_MATCH if power else -HIGHEST_MATCH
    return min(HIGHEST_MATCH, max(-HIGHEST_MATCH, 10 * math.log10(power / other)))
