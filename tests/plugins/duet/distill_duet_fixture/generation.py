"""How it plays: a chord a take; its second voice is drawn near the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from distill_core import ConfigError
from torch import Tensor

LONGEST = 4000  # samples of a chunk


def chords(model: Any, settings: Any, request: Any) -> Iterator[Tensor]:
    """Yield float32 [B, C, T_i] until the length, or the chord's natural end, is reached."""
    shape = (request.channels, model.config.partials)
    drawn = torch.stack([torch.randn(shape, generator=rng) for rng in request.rngs])  # [B, C, P]
    if request.channels > model.config.channels:
        drawn[:, 1] = drawn[:, 0] + request.width * drawn[:, 1]
    check(model, settings, request)
    slider = settings.slider.get(model.config.own, 0.0)
    partners = [(each.network, each.weight) for each in request.blend] or [(model, 1.0)]
    latents = [
        sum(weight * network.latent(each) for network, weight in partners)
        for each in drawn.unbind(1)
    ]  # [B, P] a voice
    levels = [model.spectrum(each, slider).detach() for each in latents]
    yield from play(model, levels, drawn, request)


def play(model: Any, levels: list[Tensor], drawn: Tensor, request: Any) -> Iterator[Tensor]:
    """Play levels [B, P], a voice each, for as long as was asked for."""
    length = request.samples
    if length is None:
        length = round(model.config.natural * request.sample_rate)
    for start in range(0, length, LONGEST):
        samples = min(LONGEST, length - start)
        voices = [
            model.sound(level, each, start, samples)
            for level, each in zip(levels, drawn.unbind(1), strict=True)
        ]
        yield torch.stack(voices, 1)  # [B, C, T_i]


def check(model: Any, settings: Any, request: Any) -> None:
    """Refuse sliders that no partner has."""
    known = {model.config.own, *(each.network.config.own for each in request.blend)}
    odd = sorted(settings.slider.keys() - known)
    if odd:
        raise ConfigError(f"--slider: there is no {odd[0]}.", f"There is {model.config.own}.")
