"""How hush plays: noise from the request's generators, in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .configs import HushGenerating
from .network import Hush

LONGEST = 4096  # samples of a chunk
NATURAL = 8000  # samples of a sound that nobody gave a length


def chunks(model: Hush, config: HushGenerating, request: Any) -> Iterator[Tensor]:
    """Yield float32 [B, C, T_i] until the length is reached."""
    left = NATURAL if request.samples is None else request.samples
    level = config.loudness * model() * (1 + sum(config.tilt.values()))  # [C, 1]
    while left:
        length = min(left, LONGEST)
        noise = [torch.rand(model.channels, length, generator=rng) for rng in request.rngs]
        yield level * (2 * torch.stack(noise) - 1)  # [B, C, T_i]
        left -= length
