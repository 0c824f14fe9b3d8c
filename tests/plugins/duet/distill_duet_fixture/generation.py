"""How it plays: a chord a take; its second voice is drawn near the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

LONGEST = 4000  # samples of a chunk


def chords(model: Any, settings: Any, request: Any) -> Iterator[Tensor]:
    """Yield float32 [B, C, T_i] until the length, or half a second, is reached."""
    shape = (request.channels, model.config.partials)
    drawn = torch.stack([torch.randn(shape, generator=rng) for rng in request.rngs])  # [B, C, P]
    if request.channels > model.config.channels:
        drawn[:, 1] = drawn[:, 0] + request.width * drawn[:, 1]
    slider = settings.slider.get(model.config.own, 0.0)
    levels = [model.spectrum(each, slider).detach() for each in drawn.unbind(1)]
    length = request.sample_rate // 2 if request.samples is None else request.samples
    for start in range(0, length, LONGEST):
        samples = min(LONGEST, length - start)
        voices = [
            model.sound(level, each, start, samples)
            for level, each in zip(levels, drawn.unbind(1), strict=True)
        ]
        yield torch.stack(voices, 1)  # [B, C, T_i]
