"""How it plays: noise from the request's generators, in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

LONGEST = 3000  # samples of a chunk
NATURAL = 4000  # samples of a sound that nobody gave a length


def chunks(model: Any, gain: float, request: Any) -> Iterator[Tensor]:
    """Yield float32 [B, C, T_i] until the length is reached."""
    left = NATURAL if request.samples is None else request.samples
    while left > 0:
        length = min(left, LONGEST)
        drawn = [torch.rand(model.channels, length, generator=rng) for rng in request.rngs]
        yield gain * model.loudness().detach() * (torch.stack(drawn) - 0.5)  # [B, C, T_i]
        left -= length
