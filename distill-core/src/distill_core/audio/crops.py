"""Draw random crops: which clip and where, as a pure function of (seed, step).

Letters: B batch, C channels, T samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from attrs import frozen

from .decoding import Block

# A clip's chance to be drawn is proportional to its length to this power. At 1 a ten-minute
# recording beside sixty kicks would be nearly every crop; at 0 it would be heard like one kick.
LENGTH_POWER = 0.5
OVERHANG = 0.5  # of a crop, by which a draw may miss a clip's ends before it is moved back inside
STREAM = 0x63726F70  # keeps these draws apart from others made of the same seed and step


@frozen(eq=False)
class Crops:
    """A batch for one training step.

    Attributes:
        audio: float32 [B, C, T].
        names: of the clips, one per crop; a run that diverges tells them.
        starts: in samples; negative where silence was put before a whole clip.
    """

    audio: torch.Tensor
    names: tuple[str, ...]
    starts: tuple[int, ...]


@frozen(eq=False)
class Draw:
    """Which clips, and from where."""

    clips: npt.NDArray[np.int64]  # [B]
    starts: npt.NDArray[np.int64]  # [B]


def chances(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Give each clip its chance of being drawn."""
    weights = lengths.astype(np.float64) ** LENGTH_POWER
    result: npt.NDArray[np.float64] = weights / weights.sum()
    return result


def draw(lengths: npt.NDArray[np.int64], seed: int, step: int, count: int, samples: int) -> Draw:
    """Draw `count` crops of `samples` samples.

    In a clip longer than the crop, draws may overhang its ends by half a crop and are then moved
    back inside: so the first and last samples, attacks above all, are heard as often as the middle.
    A shorter clip lies whole at a random place in silence.
    """
    entropy = np.random.SeedSequence((STREAM, seed % 2**64, step))
    rng = np.random.Generator(np.random.PCG64(entropy))
    cumulative = chances(lengths).cumsum()
    clips = cumulative.searchsorted(rng.random(count) * cumulative[-1], side="right")  # [B]
    spare = lengths[clips] - samples  # negative where the clip is the shorter
    overhang = np.where(spare > 0, samples * OVERHANG, 0)
    place = rng.random(count)
    low = np.minimum(spare, 0) - overhang
    wide = np.abs(spare) + 2 * overhang + (overhang == 0)  # whole samples, both ends included
    starts = np.floor(low + place * wide).astype(np.int64)
    inside = np.clip(starts, np.minimum(spare, 0), np.maximum(spare, 0))
    return Draw(clips, inside)


def cut(samples: Block, start: int, length: int) -> Block:
    """Cut `[C, length]` out of `[C, T]`; silence lies before and after the clip."""
    result = np.zeros((len(samples), length), np.float32)
    piece = samples[:, max(0, start) : max(0, start + length)]
    offset = max(0, -start)
    result[:, offset : offset + piece.shape[1]] = piece
    return result
