"""Conformance: what a network that goes from one sound to another keeps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ..loading import Loaded
from ..model import Model
from ..protocols import Morphs, Reconstructs
from .failing import excepting, hold, leave_to
from .sounding import SECONDS, noise
from .trained import TrainedTests

SHAPE = "test_a_morph_has_the_shape_of_its_sounds"
LENGTHS = (1, 997)  # samples
TONE = 55.0  # Hz
WINDOW = 256  # samples of the spectra that are compared
NEAR = 0.25  # of the distance between the two ends
SLACK = 0.1  # of an end's level: so much may differ where both ends are nearly one
BATCH = 2


class MorphTests(TrainedTests):
    """`distill morph` asks the network alone, for any two sounds of one length."""

    @pytest.fixture(scope="class")
    @classmethod
    def morphing(cls, part: Loaded) -> Morphs:
        """Give the network, which morphs."""
        if Morphs not in part.owner.type.provides:
            pytest.skip(f"{part.owner.name} promises no Morphs.")
        assert isinstance(part.network, Morphs)  # core asked when it was built
        return part.network

    @pytest.fixture(scope="class")
    @classmethod
    def ends(cls, morphing: Morphs, model: Model) -> tuple[Tensor, Tensor]:  # noqa: ARG003 - it skips
        """Give two unlike sounds, float32 [1, C, T]: noise, and a low tone."""
        loud = torch.from_numpy(noise(model, round(SECONDS * model.sample_rate)).samples)
        time = torch.arange(loud.shape[-1]) / model.sample_rate
        tone = torch.sin(2 * math.pi * TONE * time).expand_as(loud)
        return loud[None], tone[None].clone()

    @torch.inference_mode()
    @pytest.mark.parametrize("samples", LENGTHS)
    def test_a_morph_has_the_shape_of_its_sounds(
        self, morphing: Morphs, model: Model, samples: int
    ) -> None:
        """Core cuts it to the length between the two."""
        start = torch.from_numpy(noise(model, samples).samples).expand(BATCH, -1, -1)  # [B, C, T]
        for amount in (0.0, 0.5, 1.0):
            made = morph(morphing, start, start.flip(-1), amount)
            hold(
                made.shape == start.shape and made.dtype == torch.float32,
                f"morph turns two of {list(start.shape)} into {made.dtype} {list(made.shape)}; it"
                " has to be float32 of the same shape.",
            )
            hold(made.isfinite().all(), f"What morph gives for {amount} is not finite.")

    @torch.inference_mode()
    def test_a_morph_begins_and_ends_with_its_sounds(
        self, morphing: Morphs, ends: tuple[Tensor, Tensor]
    ) -> None:
        """Amount 0 is what the model makes of the first sound, and 1 of the second."""
        wanted = [spectrum(made_of(morphing, each)) for each in ends]
        between = level(wanted[0] - wanted[1])
        for amount, each in ((0.0, wanted[0]), (1.0, wanted[1])):
            found = spectrum(shaped(morphing, *ends, amount))
            far = level(found - each)
            hold(
                far <= NEAR * between + SLACK * level(each),
                f"morph at {amount:g} is not what the model makes of the {'second' * (amount > 0)}"
                f"{'first' * (amount == 0)} sound. Go from the first (0) to the second (1).",
            )

    @torch.inference_mode()
    def test_the_middle_of_a_morph_is_neither_end(
        self, morphing: Morphs, ends: tuple[Tensor, Tensor]
    ) -> None:
        """Who morphs wants to hear what lies between."""
        middle = shaped(morphing, *ends, 0.5)
        same = [
            word
            for word, amount in (("first", 0.0), ("second", 1.0))
            if torch.equal(middle, shaped(morphing, *ends, amount))
        ]
        hold(
            not same,
            f"The middle of a morph is its {' and its '.join(same)} end. Let what it gives follow"
            " the amount. If a few steps of training cannot tell two sounds apart, excuse this test"
            " with that as the reason.",
        )


def morph(network: Morphs, start: Tensor, end: Tensor, amount: float) -> Tensor:
    """Let a network morph, and say where it cannot."""
    cure = "Take float32 [B, C, T] of any length from 1 on, and any amount from 0 to 1."
    with excepting(f"morph cannot take two of {list(start.shape)} and {amount}", cure):
        return network.morph(start, end, amount)


def shaped(network: Morphs, start: Tensor, end: Tensor, amount: float) -> Tensor:
    """Let a network morph, where another test finds no fault with the shape of it."""
    made = morph(network, start, end, amount)
    if made.shape != start.shape:
        leave_to(SHAPE, "a morph has another shape than its sounds")
    return made


def made_of(network: Morphs, sound: Tensor) -> Tensor:
    """Give what a network makes of a sound [1, C, T]: a morph to itself, if it says no more."""
    if isinstance(network, Reconstructs):
        return network.reconstruct(sound)
    return shaped(network, sound, sound, 0.5)


def spectrum(sound: Tensor) -> Tensor:
    """Give magnitudes [C, F, N] of a sound [1, C, T]: phases may differ where nobody hears it."""
    window = torch.hann_window(WINDOW)
    return torch.stft(sound[0], WINDOW, window=window, return_complex=True).abs()


def level(values: Tensor) -> float:
    """Give the root of the mean square."""
    return float(values.square().mean().sqrt())
