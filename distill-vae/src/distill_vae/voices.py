"""A voice: a network with what it can be told, drawn from and asked for.

Letters: K sliders, R numbers of a place, L latent frames of a path, W latent frames of a gesture,
D numbers of a latent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Protocol

import torch
from attrs import Factory, field, frozen
from torch import Generator, Tensor

from .analysis import Analysis
from .drawing import draw_place, move
from .network import ConvVAE

ALIKE = 1e-6  # of half a slider's range; voices that are this near agree


class Ground(Protocol):
    """Where sounds lie, whether their principal components are known or not."""

    @property
    def size(self) -> int:
        """Count the numbers of a place (R)."""

    def draw(self, rng: Generator, variety: float) -> Tensor:
        """Draw a place [R]."""

    def gestures(self, places: Tensor) -> Tensor:
        """Give the gestures [..., W, D] at places [..., R]."""

    def moments(self, places: Tensor, times: Tensor) -> Tensor:
        """Give latents [L, D]: of the gesture at each place [L, R] its moment, in frames [L]."""


@frozen
class Analysed:
    """The ground that an analysis has found."""

    analysis: Analysis

    @property
    def size(self) -> int:
        """Count the components."""
        return len(self.analysis.components)

    def draw(self, rng: Generator, variety: float) -> Tensor:
        """Draw a place near gestures that were heard."""
        return draw_place(self.analysis, rng, variety)

    def gestures(self, places: Tensor) -> Tensor:
        """Give gestures along the components."""
        return self.analysis.gestures(places)

    def moments(self, places: Tensor, times: Tensor) -> Tensor:
        """Give moments of gestures along the components."""
        return self.analysis.moments(places, times)


@frozen
class Unknown:
    """The ground of a network without analysis: from one latent to another, as they were expected.

    A place is two latents in a row, each drawn from the normal distribution that the divergence
    pulls towards.
    """

    frames: int  # of a gesture
    latent_size: int

    @property
    def size(self) -> int:
        """Count the numbers of two latents."""
        return 2 * self.latent_size

    def draw(self, rng: Generator, variety: float) -> Tensor:
        """Draw where a gesture begins and ends."""
        return variety * torch.randn(2 * self.latent_size, generator=rng)

    def gestures(self, places: Tensor) -> Tensor:
        """Give gestures that go evenly from their beginning to their end."""
        times = torch.arange(self.frames, dtype=places.dtype)
        return self._between(places[..., None, :], times)

    def moments(self, places: Tensor, times: Tensor) -> Tensor:
        """Give moments of such gestures."""
        return self._between(places, times)

    def _between(self, places: Tensor, times: Tensor) -> Tensor:
        start, end = places.chunk(2, -1)
        share = (times / max(1, self.frames - 1))[:, None]
        return start + share * (end - start)


@frozen(eq=False)
class Voice:
    """One network of those that make a take.

    Attributes:
        network: loaded.
        weight: its share of the sound.
        names: of its sliders; none without an analysis.
        analysis: the network's, in the computer's own memory.
    """

    network: ConvVAE
    weight: float
    names: tuple[str, ...]
    analysis: Analysis = field(
        init=False,
        default=Factory(lambda self: deepcopy(self.network.analysis).cpu(), takes_self=True),
    )

    @property
    def ground(self) -> Ground:
        """Say where its sounds lie."""
        if self.names:
            return Analysed(self.analysis)
        return Unknown(self.analysis.frames, self.network.latent_size)

    def moved(self, place: Tensor, told: Mapping[str, float]) -> Tensor:
        """Put the sliders that are told of to their positions; others stay where they are."""
        if not self.names:
            return place
        positions = torch.full_like(self.analysis.low, math.nan)
        for index, name in enumerate(self.names):
            positions[index] = told.get(name, math.nan)
        return move(self.analysis, place, positions)

    def told(self, place: Tensor) -> dict[str, float]:
        """Say where the sliders stand at a place [R]."""
        if not self.names:
            return {}
        positions = self.analysis.positions(place).tolist()
        return dict(zip(self.names, positions, strict=False))


def draw_places(
    voices: Sequence[Voice], rng: Generator, variety: float, told: Mapping[str, float]
) -> list[Tensor]:
    """Draw a place [R] for each voice, with the same luck; all agree on where sliders stand.

    A slider that several voices have stands where their draws meet, by weight.

    Args:
        voices: of the take.
        rng: of the take.
        variety: see `draw_place`.
        told: where sliders are to stand.
    """
    before = rng.get_state()
    places = []
    for voice in voices:
        rng.set_state(before)
        places.append(voice.ground.draw(rng, variety))
    if len(voices) > 1:
        told = agree(voices, places) | dict(told)
    return [voice.moved(place, told) for voice, place in zip(voices, places, strict=True)]


def agree(voices: Sequence[Voice], places: Sequence[Tensor]) -> dict[str, float]:
    """Say where sliders of the same name meet: at the mean of the voices that have them.

    Those that stand at one place anyway are left out: they need not be moved.
    """
    stands = [voice.told(place) for voice, place in zip(voices, places, strict=True)]
    met: dict[str, float] = {}
    for name in dict.fromkeys(name for each in stands for name in each):
        own = [
            (voice.weight, each[name])
            for voice, each in zip(voices, stands, strict=True)
            if name in each
        ]
        positions = [position for _, position in own]
        if max(positions) - min(positions) > ALIKE:
            met[name] = sum(w * at for w, at in own) / sum(w for w, _ in own)
    return met
