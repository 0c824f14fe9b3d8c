"""How fast a codec works here: seconds of sound per second of work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

from ..audio.dataset import Clip
from ..protocols import Tokenizer

TIMED_SECONDS = 10.0  # of sound, at once
TRIES = 5
ENOUGH_SECONDS = 4.0  # of trying: a slow codec is not tried five times


@frozen
class Speed:
    """Seconds of sound per second of work: above 1 is faster than it plays."""

    encode_rtf: float
    decode_rtf: float


def measure_speed(codec: Tokenizer, clips: Sequence[Clip], device: str) -> Speed:
    """Time a codec on 10 s of the clips (repeated if there is less), after a first try untimed."""
    audio = _excerpt(clips, round(TIMED_SECONDS * codec.sample_rate)).to(device)  # [1, C, T]
    length = audio.shape[-1]
    with torch.inference_mode():
        codes = codec.encode(audio)  # [1, K, N]
        encoding = _best_time(lambda: codec.encode(audio))
        decoding = _best_time(lambda: codec.decode(codes, length))
    seconds = length / codec.sample_rate
    return Speed(seconds / encoding, seconds / decoding)


def _excerpt(clips: Sequence[Clip], length: int) -> Tensor:
    """Join the beginnings of clips to a sound [1, C, T] of some length."""
    pieces, have = [], 0
    for clip in clips:
        if have >= length:
            break
        pieces.append(np.array(clip.samples[:, : length - have]))
        have += pieces[-1].shape[1]
    joined = np.concatenate(pieces, 1)
    times = -(-length // have)  # rounded up
    return torch.from_numpy(np.tile(joined, (1, times))[None, :, :length])


def _best_time(work: Callable[[], Tensor]) -> float:
    """Give the shortest of some tries in seconds; fetching the result waits for the device."""
    work().cpu()
    took: list[float] = []
    while len(took) < TRIES and sum(took) < ENOUGH_SECONDS:
        began = time.perf_counter()
        work().cpu()
        took.append(time.perf_counter() - began)
    return min(took)
