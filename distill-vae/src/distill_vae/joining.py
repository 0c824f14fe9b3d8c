"""Two-channel spectrograms of sounds: where they end, and how one passes into the next.

Letters: C channels, M mels, N frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from .spectrogram import MAGNITUDE_FLOOR

ENDED = 50.0  # dB below a sound's loudest frame, where it is over
FADE_SHARE, LONGEST_FADE = 0.25, 12  # of a sound's frames; frames of its end that fade
LEAST_POWER = 1e-20
BALANCED_FRAMES = 31  # an odd number, some 0.3 s, over which two sides are as loud as one another
MOST_LEAN = 18.0  # dB that a side is brought nearer to the middle


def levels(spectrogram: Tensor) -> Tensor:
    """Give the level of each frame [N] of a spectrogram [C, 2, M, N], in dB below the loudest."""
    power = _magnitudes(spectrogram[:, 0]).square().sum((0, 1)).clamp_min(LEAST_POWER)
    return 10 * torch.log10(power / power.max())


def level(spectrogram: Tensor) -> float:
    """Give the mean level of a spectrogram [C, 2, M, N], in dB."""
    power = _magnitudes(spectrogram[:, 0]).square().sum(1).mean().clamp_min(LEAST_POWER)
    return float(10 * torch.log10(power))


def sounding(spectrogram: Tensor, depth: float) -> tuple[int, int]:
    """Say from which frame to which (excluded) a sound is at most `depth` dB below its loudest.

    Of one that is no sound but NaN that is all of it: core refuses it in its own words.
    """
    frames = torch.nonzero(~(levels(spectrogram) < -depth))[:, 0]
    return int(frames[0]), int(frames[-1]) + 1


def ended(spectrogram: Tensor) -> Tensor:
    """Cut a sound where it has died away, and fade what still sounds there."""
    _, end = sounding(spectrogram, ENDED)
    kept = spectrogram[..., :end].clone()
    length = max(1, min(LONGEST_FADE, round(FADE_SHARE * end)))
    fall = 1 - rise(length)
    kept[:, 0, :, end - length :] = _logs(_magnitudes(kept[:, 0, :, end - length :]) * fall)
    return kept


def rise(frames: int) -> Tensor:
    """Give the rising half of a raised cosine, [N], from just above 0 to just below 1."""
    phase = (torch.arange(frames) + 0.5) / max(1, frames)
    return 0.5 - 0.5 * torch.cos(torch.pi * phase)


def mixed(spectrograms: Iterable[Tensor], weights: Iterable[Tensor]) -> Tensor:
    """Add sounds [C, 2, M, N] by power, each frame by its weight [N] of the power.

    Where they sound at once, a band's frequency is the mean of theirs, by power.
    """
    power, frequency = torch.zeros(()), torch.zeros(())
    for each, weight in zip(spectrograms, weights, strict=True):
        own = weight * _magnitudes(each[:, 0]).square()
        power, frequency = power + own, frequency + own * each[:, 1]
    mean = frequency / power.clamp_min(LEAST_POWER)
    return torch.stack([_logs(power.sqrt()), mean], 1)


def balanced(sides: Tensor) -> Tensor:
    """Bring left and right [2, 2, M, N] to one level: two related sounds differ, but do not lean.

    Without it the louder of them would be heard as the direction of the whole.
    """
    power = _magnitudes(sides[:, 0]).square().sum(1)  # [2, N]
    around = F.avg_pool1d(
        power, BALANCED_FRAMES, 1, BALANCED_FRAMES // 2, count_include_pad=False
    )  # fmt: skip
    own = around.clamp_min(LEAST_POWER).log10() / 2
    lacking = (own.mean(0) - own).clamp(-MOST_LEAN / 20, MOST_LEAN / 20)
    return torch.stack([sides[:, 0] + lacking[:, None], sides[:, 1]], 1)


def crossfaded(sounds: Iterable[Tensor], overlap: int, *, beginnings: bool) -> Iterator[Tensor]:
    """Play sounds [C, 2, M, N_i] one after the other; each passes into the next at equal power.

    Args:
        sounds: may never end.
        overlap: frames that two of them share; at most half of either.
        beginnings: whether sounds begin at once, as struck ones do: then only what ends fades.
    """
    tail: Tensor | None = None
    for sound in sounds:
        if tail is None:
            over = 0
        else:
            over = min(tail.shape[-1], sound.shape[-1] // 2)
            come = rise(over)
            passing = mixed(
                [tail[..., :over], sound[..., :over]],
                [1 - come, torch.ones(over) if beginnings else come],
            )
            yield passing
        left = min(overlap, sound.shape[-1] // 2)
        if sound.shape[-1] - left > over:
            yield sound[..., over : sound.shape[-1] - left]
        tail = sound[..., sound.shape[-1] - left :]
    if tail is not None and tail.shape[-1]:
        yield tail


def _magnitudes(logs: Tensor) -> Tensor:
    return (10**logs - MAGNITUDE_FLOOR).clamp_min(0)


def _logs(magnitudes: Tensor) -> Tensor:
    return torch.log10(magnitudes + MAGNITUDE_FLOOR)
