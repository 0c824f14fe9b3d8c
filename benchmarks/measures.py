"""What "good sound" means in numbers: pure functions of two sounds at one sample rate.

Letters: T samples, F bins, M mels, N frames. Sounds are mono [T], NumPy arrays or tensors.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Sound = np.ndarray | Tensor

WINDOWS = {32: 5, 64: 10, 128: 20, 256: 40, 512: 80, 1024: 160, 2048: 320}  # window: mel bands
MEL_FLOOR = 1e-5
LONGEST_SECONDS, SHORTEST_SECONDS = 4.0, 0.5  # of a held-out file, before it enters the model
BAND_WINDOW, BAND_MELS, BAND_FRAMES = 1024, 40, 16
POWER_FLOOR = 1e-8
MATCH_CEILING = 100.0  # dB; two equal sounds would be infinitely alike


def cut_for_measuring(sound: Sound, sample_rate: int) -> Tensor:
    """Give the mono sound [T] cut to 4 s and padded to 0.5 s, as it must enter the model."""
    cut = _tensor(sound)[: round(LONGEST_SECONDS * sample_rate)]
    return F.pad(cut, (0, max(0, round(SHORTEST_SECONDS * sample_rate) - len(cut))))


def measure_mel_distance(sound: Sound, other: Sound, sample_rate: int) -> float:
    """Sum over seven windows the mean |log10 mel - log10 mel'| (DAC, Kumar et al. 2023)."""
    one, two = _tensor(sound), _tensor(other)
    total = 0.0
    for window, mels in WINDOWS.items():
        filters = mel_filters(window, mels, sample_rate)
        logs = [
            torch.log10((_magnitudes(each, window) @ filters).clamp_min(MEL_FLOOR))  # [N, M]
            for each in (one, two)
        ]
        total += float((logs[0] - logs[1]).abs().mean())
    return total


def measure_band_error(sound: Sound, other: Sound, sample_rate: int) -> float:
    """Give the mean difference in dB of band powers averaged over 16 frames."""
    one, two = (_band_levels(_tensor(each), sample_rate) for each in (sound, other))
    return float((one - two).abs().mean())


def measure_match(sound: Sound, other: Sound) -> float:
    """Give the waveform match in dB: 0 is nothing in common with `sound`, at the best gain."""
    one, two = _tensor(sound).double(), _tensor(other).double()
    energy, kept = float(one @ one), float(two @ two)
    if energy == 0 or kept == 0:
        return MATCH_CEILING if energy == kept else 0.0
    error = energy - float(one @ two) ** 2 / kept  # of the best multiple of `other`
    return min(MATCH_CEILING, 10 * math.log10(energy / max(error, energy * 1e-12)))


def match_to_si_sdr(match: float) -> float:
    """Convert a waveform match to SI-SDR in dB (Le Roux et al. 2019)."""
    return 10 * math.log10(max(10 ** (match / 10) - 1, 1e-12))


def compute_bitrate(levels: int, entries: int, frames_per_second: float) -> float:
    """Give the bits per second of a stream of codes."""
    return levels * math.log2(entries) * frames_per_second


def compute_code_entropy(codes: Sound, entries: int) -> float:
    """Give the entropy in bits of one level's codes, with Miller and Madow's correction."""
    hits = torch.bincount(torch.as_tensor(codes).flatten(), minlength=entries).double()
    hits = hits[hits > 0]
    shares = hits / hits.sum()
    correction = (len(hits) - 1) / (2 * float(hits.sum()))
    return (float(-(shares * shares.log()).sum()) + correction) / math.log(2)


def measure_efficiency(codes: Sound, entries: int) -> float:
    """Give the bitrate efficiency of codes [K, N]: entropy over capacity, over all levels."""
    levels = torch.as_tensor(codes)
    entropy = sum(compute_code_entropy(level, entries) for level in levels)
    return float(entropy) / (len(levels) * math.log2(entries))


def mel_filters(window: int, mels: int, sample_rate: int) -> Tensor:
    """Give Slaney's filters [F, M] with his norm, 0 Hz to Nyquist."""
    step = math.log(6.4) / 27
    top = sample_rate / 2
    highest = top * 3 / 200 if top < 1000 else 15 + math.log(top / 1000) / step
    marks = np.linspace(0, highest, mels + 2)
    edges = np.where(marks < 15, marks * 200 / 3, 1000 * np.exp(step * (marks - 15)))  # Hz
    bins = np.linspace(0, top, window // 2 + 1)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return torch.from_numpy(triangles).float()


def _band_levels(sound: Tensor, sample_rate: int) -> Tensor:
    """Give band powers [M, N'] in dB, each the mean of 16 frames, 8 apart."""
    filters = mel_filters(BAND_WINDOW, BAND_MELS, sample_rate)
    power = (_magnitudes(sound, BAND_WINDOW).square() @ filters).T  # [M, N]
    width = min(BAND_FRAMES, power.shape[-1])
    means = power.unfold(-1, width, BAND_FRAMES // 2).mean(-1)  # [M, N']
    return 10 * torch.log10(means.clamp_min(POWER_FLOOR))


def _magnitudes(sound: Tensor, window: int) -> Tensor:
    """Give |STFT| [N, F]: periodic Hann, hop of a quarter, centred, reflected edges."""
    taper = torch.hann_window(window)
    spectrum = torch.stft(sound, window, window // 4, window=taper, return_complex=True)
    return spectrum.abs().T


def _tensor(sound: Sound) -> Tensor:
    return torch.as_tensor(sound, dtype=torch.float32).flatten()
