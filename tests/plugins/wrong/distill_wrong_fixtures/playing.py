"""How it plays: noise from the request's generators, in chunks.

Letters: B batch, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

LONGEST = 3000  # samples of a chunk
NATURAL = 4000  # samples of a sound that nobody gave a length


def chunks(model: Any, gain: float, request: Any) -> Iterator[Tensor]:
    """Yield float32 [B, C, T_i] until the length is reached."""
    level = mixed(model, request.blend)  # [C, 1]
    left = NATURAL if request.samples is None else request.samples
    while left > 0:
        length = min(left, LONGEST)
        drawn = [torch.rand(request.channels, length, generator=rng) for rng in request.rngs]
        noise = torch.stack(drawn) - 0.5  # [B, C, T_i]
        if request.channels > model.channels:
            noise[:, 1] = torch.lerp(noise[:, 0], noise[:, 1], request.width)
        yield gain * level * noise
        left -= length


def mixed(model: Any, blend: Any) -> Tensor:
    """Give the level of each channel, [C, 1], of all that are blended."""
    partners = [(each.network, each.weight) for each in blend] or [(model, 1.0)]
    return sum(weight * network.loudness().detach() for network, weight in partners)
