"""Do takes resemble the material, and are they more than copies of it?

The generation score is a two-sample test by energy distance (Székely and Rizzo 2013); the copy
test compares nearest distances as in "A Non-Parametric Test to Detect Data-Copying in Generative
Models" (Meehan, Chaudhuri, Dasgupta 2020). Letters: n real clips, m takes, D features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from distill_core.evaluating.measures import mel_filters
from numpy.typing import NDArray

WINDOW, HOP, BANDS = 1024, 256, 40
FLOOR = 1e-5
DRAWS, SPLITS = 20, 200
MOST_TAKES = 64
COMPARED_SECONDS, COMPARED_FRAMES = 1.0, 64  # of each sound, for copies

Samples = NDArray[np.float32]


def log_mels(sound: Samples, rate: int) -> torch.Tensor:
    """Give log10 mel magnitudes [N, M] of a mono sound [T]."""
    wave = torch.from_numpy(np.ascontiguousarray(sound, np.float32))
    wave = torch.nn.functional.pad(wave, (0, max(0, WINDOW - len(wave))))
    window = torch.hann_window(WINDOW)
    spectrum = torch.stft(wave, WINDOW, HOP, window=window, return_complex=True).abs()  # [F, N]
    filters = mel_filters(WINDOW, BANDS, rate).to(spectrum)
    return torch.log10((spectrum.T @ filters).clamp_min(FLOOR))


def describe(sound: Samples, rate: int) -> NDArray[np.float64]:
    """Describe a mono sound [T] by D = 84 features: bands, centroid, flatness, RMS, duration."""
    mels = log_mels(sound, rate)
    power = np.abs(np.fft.rfft(sound)) ** 2 + 1e-12
    centroid = float((np.fft.rfftfreq(len(sound), 1 / rate) * power).sum() / power.sum())
    flatness = float(np.exp(np.log(power).mean()) / power.mean())
    rms = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
    rest = [np.log(centroid + 1), np.log(flatness), np.log(rms + 1e-6), np.log(len(sound) / rate)]
    return np.concatenate([mels.mean(0).numpy(), mels.std(0, correction=0).numpy(), rest])


def generation_score(takes: Sequence[Samples], real: Sequence[Samples], rate: int) -> float:
    """Give the percentile of the takes' distance among those of real splits; 50 is real."""
    described = np.stack([describe(each, rate) for each in real])  # [n, D]
    mean, spread = described.mean(0), described.std(0) + 1e-9
    described = (described - mean) / spread
    made = (np.stack([describe(each, rate) for each in takes]) - mean) / spread
    count = min(MOST_TAKES, len(real) // 3)
    if len(made) < count:
        raise ValueError(f"needs {count} takes, not {len(made)}")
    rng = np.random.default_rng(0)
    usual = []
    for _ in range(SPLITS):
        order = rng.permutation(len(described))
        usual.append(energy_distance(described[order[:count]], described[order[count:]]))
    found = []
    for _ in range(DRAWS):
        order = rng.permutation(len(described))
        found.append(energy_distance(made[:count], described[order[count:]]))
    return float((np.array(usual) < np.median(found)).mean() * 100)


def energy_distance(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """Give 2 E|X - Y| - E|X - X'| - E|Y - Y'| of rows."""

    def mean_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float(np.linalg.norm(a[:, None] - b[None], axis=-1).mean())

    return 2 * mean_distance(one, two) - mean_distance(one, one) - mean_distance(two, two)


def nearest_distances(
    sounds: Sequence[Samples], training: Sequence[Samples], rate: int
) -> NDArray[np.float64]:
    """Give each sound's distance in dB to its nearest training clip, over its first second."""
    known = torch.stack([_beginning(each, rate) for each in training])  # [n, N, M]
    found = [float((known - _beginning(each, rate)).abs().mean((1, 2)).min()) for each in sounds]
    return 20 * np.array(found)


def copying(takes: Sequence[Samples], held_out: Sequence[Samples], training: Sequence[Samples],
            rate: int) -> dict[str, float]:  # fmt: skip
    """Say how near takes and unseen files are to the training clips, and how often takes win.

    `share` is the chance that a take is nearer than an unseen file: 0.5 is as near, 1 is copies.
    """
    near, unseen = (nearest_distances(each, training, rate) for each in (takes, held_out))
    wins = (near[:, None] < unseen[None]).mean() + 0.5 * (near[:, None] == unseen[None]).mean()
    return {
        "takes": float(np.median(near)), "unseen": float(np.median(unseen)), "share": float(wins),
    }  # fmt: skip


def _beginning(sound: Samples, rate: int) -> torch.Tensor:
    """Give log mels [N, M] of a sound's first second, silence behind it, coarse in time."""
    length = round(COMPARED_SECONDS * rate)
    whole = np.zeros(length, np.float32)
    whole[: min(length, len(sound))] = sound[:length]
    mels = log_mels(whole, rate).T[None]  # [1, M, N]
    return torch.nn.functional.adaptive_avg_pool1d(mels, COMPARED_FRAMES)[0].T
