"""Codes as sequences: encoded from clips in several variations, and counted.

Letters: B batch, C channels, T samples, K levels, N frames, V entries, D width of a code's vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, overload

import attrs
import numpy as np
import torch
import torchaudio
from distill_core import BackendError, Dataset, ShowsVectors, Tokenizer
from torch import Tensor
from torch.nn import functional as F

BITS_PER_NAT = 1.0 / math.log(2.0)
SPEEDS = (Fraction(36, 35), Fraction(35, 36), Fraction(18, 17), Fraction(17, 18))
# about half a semitone and a semitone, either way: small ratios, which resample cheaply
STRETCH_SECONDS, MARGIN_SECONDS = 60.0, 2.0  # of long sounds, encoded piece by piece
QUIETEST = 1e-6  # peak, so that silence is not divided by
TAPS = 8  # of the resampling filter, either side: codes do not hear what more would mend


@attrs.frozen(kw_only=True)
class Variation:
    """How far the encodings of one clip may differ from each other."""

    gain_db: float = 3.0  # quieter or louder by up to this
    pitched: float = 0.8  # the share of encodings that play a little faster or slower
    shifted: float = 0.75  # of a frame: how far beginnings wander on the codec's grid


@attrs.frozen
class Waveforms(Sequence[Tensor]):
    """Some clips of a dataset, read from disk each time one is asked for: [C, T].

    Attributes:
        dataset: whose they are.
        clips: which.
        pulse: called before each is read; what it raises ends the reading.
    """

    dataset: Dataset
    clips: Sequence[Any]
    pulse: Callable[[], object] = lambda: None

    def __len__(self) -> int:
        """Count the clips."""
        return len(self.clips)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        """Read one clip, or narrow to some."""
        if isinstance(index, slice):
            return Waveforms(self.dataset, self.clips[index], self.pulse)
        self.pulse()
        return self.dataset.waveform(self.clips[index])


def code_vectors(tokenizer: Tokenizer) -> Tensor | None:
    """Give the vectors [K, V, D] behind the codes, where a tokenizer shows them.

    Raises:
        BackendError: they are not those of its codes.
    """
    if not isinstance(tokenizer, ShowsVectors):
        return None
    vectors = tokenizer.code_vectors().detach()
    promised = [tokenizer.levels, tokenizer.entries]
    if vectors.ndim != 3 or list(vectors.shape[:2]) != promised or not vectors.shape[2]:
        raise BackendError(
            f"This codec shows vectors {list(vectors.shape)} for {promised[0]} levels of"
            f" {promised[1]} codes.",
            "Its backend is broken; see: distill plugins.",
        )
    return vectors.float()


def flatten_codes(codes: Tensor) -> Tensor:
    """Interleave levels frame by frame: [B, K, N] to [B, K * N]."""
    return codes.transpose(1, 2).flatten(1)


def unflatten_codes(flat: Tensor, num_quantizers: int) -> Tensor:
    """Undo `flatten_codes`: [B, K * N] to [B, K, N]; a frame cut short at the end is left out."""
    frames = flat.shape[1] // num_quantizers
    whole = flat[:, : frames * num_quantizers]
    return whole.reshape(-1, frames, num_quantizers).transpose(1, 2)


def vary(samples: Tensor, hop: int, rng: np.random.Generator, variation: Variation) -> Tensor:
    """Give a sound [C, T] as it might as well have been: a little later, louder or higher.

    Codes change with each of these though a person hears the same sound; a prior that saw only
    one encoding learns accidents of the grid by heart. A shift puts silence before the sound or
    cuts into its start, by less than a frame.
    """
    speed = SPEEDS[int(rng.integers(len(SPEEDS)))]
    pitched = rng.random() < variation.pitched and samples.shape[-1] > hop
    gain = 10.0 ** (float(rng.uniform(-1.0, 1.0)) * variation.gain_db / 20.0)
    shift = round(float(rng.uniform(-1 / 3, 2 / 3)) * variation.shifted * hop)
    if pitched:
        samples = torchaudio.functional.resample(
            samples, speed.numerator, speed.denominator, lowpass_filter_width=TAPS
        )
    moved = F.pad(samples, (max(shift, -(samples.shape[-1] // 4)), 0))
    loudest = max(1.0, float(samples.abs().max()))
    varied: Tensor = moved * min(gain, loudest / max(float(moved.abs().max()), QUIETEST))
    return varied


@torch.no_grad()
def extract_code_sequences(
    tokenizer: Tokenizer,
    clips: Sequence[Tensor],
    seed: tuple[int, ...] | None = None,
    variation: Variation | None = None,
    device: torch.device | None = None,
) -> list[Tensor]:
    """Encode clips [C, T] at the tokenizer's rate and channels into codes [K, N] each.

    Args:
        tokenizer: what encodes.
        clips: the sounds, [C, T] each.
        seed: which variation of each clip to encode; None encodes the clips as they are.
        variation: how far they may vary.
        device: where the tokenizer is; codes come back on the CPU.
    """
    rng = np.random.default_rng(seed)
    sequences = []
    for clip in clips:
        heard = clip
        if seed is not None:
            heard = vary(clip, tokenizer.hop, rng, variation or Variation())
        sequences.append(encode_long(tokenizer, heard, device))
    return sequences


def encode_long(tokenizer: Tokenizer, samples: Tensor, device: torch.device | None) -> Tensor:
    """Encode a sound [C, T] of any length into codes [K, N], hours of it in little memory.

    Long sounds go in stretches that overlap by a margin on either side, which is then left out.

    Raises:
        BackendError: the codes are not those that the tokenizer promises.
    """
    stretch, margin = (
        max(1, round(seconds * tokenizer.sample_rate / tokenizer.hop))
        for seconds in (STRETCH_SECONDS, MARGIN_SECONDS)
    )  # frames
    frames = -(-samples.shape[-1] // tokenizer.hop)
    parts = []
    for first in range(0, frames, stretch):
        lead = min(margin, first)
        begin = (first - lead) * tokenizer.hop
        heard = samples[None, :, begin : (first + stretch + margin) * tokenizer.hop]
        codes = tokenizer.encode(heard.to(device))[0].cpu()
        _check(codes, tokenizer, -(-heard.shape[-1] // tokenizer.hop))
        parts.append(codes[:, lead : lead + stretch])
    return torch.cat(parts, 1)


def _check(codes: Tensor, tokenizer: Tokenizer, frames: int) -> None:
    """Hold codes against what their tokenizer promises: what is counted and looked up by them."""
    levels, entries = tokenizer.levels, tokenizer.entries
    promised = codes.dtype == torch.int64 and list(codes.shape) == [levels, frames]
    if not promised or int(codes.min()) < 0 or int(codes.max()) >= entries:
        raise BackendError(
            f"This codec promises int64 [{levels}, {frames}] from 0 to {entries - 1}, and gives"
            f" {str(codes.dtype).removeprefix('torch.')} {list(codes.shape)}"
            + (f" from {int(codes.min())} to {int(codes.max())}." if promised else "."),
            "Its backend is broken; see: distill plugins.",
        )


def count_codes(sequences: Sequence[Tensor], entries: int) -> Tensor:
    """Count entries by level, [K, V], over codes [K, N]."""
    every = torch.cat(list(sequences), 1)  # [K, all frames]
    return torch.stack([torch.bincount(level, minlength=entries) for level in every])


def unigram_nats(training: Sequence[Tensor], held_out: Sequence[Tensor], entries: int) -> float:
    """Tell what held-out codes cost, in all, under nothing but the training codes' frequencies.

    Frequencies by level, add-one smoothing; sounds end at their usual rate whatever they are.
    """
    counts = count_codes(training, entries).double() + 1.0
    costs = -(counts / counts.sum(-1, keepdim=True)).log()  # [K, V]
    codes_cost = float((count_codes(held_out, entries) * costs).sum())
    frames = sum(codes.shape[1] for codes in training)
    rate = (len(training) + 1) / (frames + len(training) + 2)
    lasted = sum(codes.shape[1] for codes in held_out)
    return codes_cost - len(held_out) * math.log(rate) - lasted * math.log1p(-rate)


def bits_per_second(nats: float, frames: int, frame_rate: float) -> float:
    """Turn a cost in nats over so many frames into bits per second of sound."""
    return nats * BITS_PER_NAT * frame_rate / max(frames, 1)
