"""Change the sample rate of a sound of any length in bounded memory.

A windowed sinc after Smith, "Digital Audio Resampling": torchaudio computes it, block by block with
the neighbouring samples on both sides, so that the blocks join into what the whole would give.
Letters: C channels, T samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torchaudio.transforms import Resample

from .decoding import BLOCK_VALUES, Block

# torchaudio's own default (6 zero crossings, Hann) leaves images of 18 kHz at -25 dB between
# 44,100 and 48,000 Hz; this one leaves them under -110 dB and keeps 20 kHz to 0.1 dB, for no time.
QUALITY: dict[str, Any] = {
    "lowpass_filter_width": 64,
    "rolloff": 0.9475937167399596,
    "resampling_method": "sinc_interp_kaiser",
    "beta": 14.769656459379492,
}
LARGEST_KERNEL = 1 << 20  # taps; 44,101 to 48,000 Hz would need two thousand million


def ratio_between(source_rate: int, target_rate: int) -> Fraction:
    """Reduce target over source; a ratio whose filter would be huge is approximated.

    Such pairs (44,101 to 48,000 Hz) get the nearest fraction with a bounded denominator. The pitch
    is then off by less than a cent (nobody hears four), the length by under two seconds an hour.
    """
    exact = Fraction(target_rate, source_rate)
    if exact.numerator * exact.denominator <= LARGEST_KERNEL:
        return exact
    return exact.limit_denominator(max(1, math.isqrt(int(LARGEST_KERNEL / exact))))


class Resampler:
    """A resampler that is fed blocks and remembers just the context it needs."""

    def __init__(self, source_rate: int, target_rate: int) -> None:
        """Make the filter.

        Args:
            source_rate: Hz.
            target_rate: Hz.
        """
        ratio = ratio_between(source_rate, target_rate)
        self._up, self._down = ratio.numerator, ratio.denominator
        self._same = self._up == self._down
        self._filter = None if self._same else Resample(self._down, self._up, **QUALITY)
        width = 0 if self._filter is None else int(self._filter.width)
        self._width = width  # samples the filter looks ahead and back
        self._context = -(-width // self._down) * self._down  # whole periods, so phases agree
        self._held: Block | None = None
        self._taken = 0
        self._given = 0

    def push(self, block: Block) -> Block:
        """Take a block `[C, T_i]`; give what is now certain, `[C, T_j]`, perhaps empty."""
        self._taken += block.shape[1]
        if self._same:
            return block
        if self._held is None:
            self._held = np.zeros((len(block), self._context), np.float32)
        self._held = np.concatenate([self._held, block], 1)  # [C, context + T]
        periods = (self._held.shape[1] - self._context - self._width) // self._down
        if periods < 1:
            return block[:, :0]
        result = self._filtered(self._held, periods)
        self._held = self._held[:, periods * self._down :].copy()
        return result

    def finish(self) -> Block | None:
        """Give the rest, as if silence followed; None when nothing is due."""
        if self._same or self._held is None:
            return None
        due = -(-self._taken * self._up // self._down) - self._given  # ceil, exactly
        channels = len(self._held)
        silence = np.zeros((channels, self._width + self._down), np.float32)
        padded = np.concatenate([self._held, silence], 1)
        periods = (padded.shape[1] - self._context - self._width) // self._down
        rest = self._filtered(padded, periods)[:, :due]
        self._held = None
        return rest

    @torch.no_grad()
    def _filtered(self, held: Block, periods: int) -> Block:
        """Filter whole periods of the ratio and drop what belongs to the context."""
        if self._filter is None:
            return held
        used = held[:, : self._context + periods * self._down + self._width]
        wave = self._filter(torch.from_numpy(np.ascontiguousarray(used)))
        first = self._context // self._down * self._up
        result: Block = wave[:, first : first + periods * self._up].numpy()
        self._given += result.shape[1]
        return result


def resample_blocks(blocks: Iterable[Block], source_rate: int, target_rate: int) -> Iterator[Block]:
    """Resample a stream of blocks `[C, T_i]`; in all, ceil(T * target / source) samples come."""
    resampler = Resampler(source_rate, target_rate)
    step = max(1, BLOCK_VALUES * source_rate // target_rate)  # so that what comes out is bounded
    for block in blocks:
        for start in range(0, block.shape[1], step):
            result = resampler.push(block[:, start : start + step])
            if result.shape[1]:
                yield result
    rest = resampler.finish()
    if rest is not None and rest.shape[1]:
        yield rest
