"""What a codec's codes say: bits a second, how much of them is used, and by which entries.

Letters: K levels, N frames, V entries, T samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray

from ..audio.dataset import Clip
from ..errors import BackendError
from ..protocols import Tokenizer

STRETCH_SECONDS = 60.0  # of long clips, encoded piece by piece, so that memory does not grow


@frozen
class Codebook:
    """How one level's entries are used.

    Attributes:
        level: from 0.
        utilization: the share of entries used at all, 0 to 1.
        perplexity: exp of the codes' entropy: entries in effective use.
        dead: the number of entries not used once.
    """

    level: int
    utilization: float
    perplexity: float
    dead: int


@frozen
class CodeFigures:
    """Figures of a codec's codes over some clips.

    Attributes:
        bitrate: bits a second: levels * log2(entries) * frames a second.
        efficiency: entropy of the codes over the bits that they take; None where they take none.
        codebooks: by level.
    """

    bitrate: float
    efficiency: float | None
    codebooks: tuple[Codebook, ...]


def count_codes(codec: Tokenizer, clips: Iterable[Clip], device: str) -> NDArray[np.int64]:
    """Count how often clips use each entry, [K, V].

    Raises:
        BackendError: the codes are not those that the codec promises.
    """
    counts = np.zeros((codec.levels, codec.entries), np.int64)
    stretch = max(1, round(STRETCH_SECONDS * codec.sample_rate / codec.hop)) * codec.hop
    for clip in clips:
        samples = clip.samples  # [C, T]
        for start in range(0, samples.shape[1], stretch):
            piece = np.array(samples[:, start : start + stretch])
            with torch.inference_mode():
                codes = codec.encode(torch.from_numpy(piece)[None].to(device))[0].cpu().numpy()
            counts += _count(codes, codec)
    return counts


def measure_codes(codec: Tokenizer, counts: NDArray[np.int64]) -> CodeFigures:
    """Give the figures of codes counted [K, V], each level used at least once."""
    frame_bits = codec.levels * math.log2(codec.entries)
    entropies = [entropy_bits(each, corrected=True) for each in counts]
    return CodeFigures(
        bitrate=frame_bits * codec.sample_rate / codec.hop,
        efficiency=sum(entropies) / frame_bits if frame_bits else None,
        codebooks=tuple(_codebook(level, each) for level, each in enumerate(counts)),
    )


def entropy_bits(counts: NDArray[np.int64], *, corrected: bool) -> float:
    """Give the entropy in bits of codes counted [V].

    Args:
        counts: how often each entry was used.
        corrected: as "Note on the bias of information estimates" (Miller 1955) has it, since few
            samples make entropy look too small: plus (entries used - 1) / (2 * codes) nats.
    """
    used = counts[counts > 0]
    shares = used / used.sum()
    nats = -float((shares * np.log(shares)).sum())
    if corrected:
        nats += (len(used) - 1) / (2 * float(used.sum()))
    return nats / math.log(2)


def _count(codes: NDArray[Any], codec: Tokenizer) -> NDArray[np.int64]:
    """Count one piece's codes [K, N] by level and entry, [K, V]."""
    promised = codes.ndim == 2 and len(codes) == codec.levels and codes.size
    if not promised or codes.min() < 0 or codes.max() >= codec.entries:
        raise BackendError(
            f"This codec promises {codec.levels} codes a frame from 0 to {codec.entries - 1}, and"
            f" gives others ({list(codes.shape)}).",
            "Its backend is broken; see: distill plugins.",
        )
    return np.stack([np.bincount(level, minlength=codec.entries) for level in codes])


def _codebook(level: int, counts: NDArray[np.int64]) -> Codebook:
    dead = int((counts == 0).sum())
    return Codebook(
        level=level,
        utilization=1 - dead / len(counts),
        perplexity=2 ** entropy_bits(counts, corrected=False),
        dead=dead,
    )
