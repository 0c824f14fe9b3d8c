"""Conformance: what a type keeps that makes two channels with a model of one."""

from __future__ import annotations

import pytest
from torch import Tensor

from ..generating.space import STEREO, Space
from ..loading import Loaded
from ..model import Model
from .failing import hold, leave_to
from .playing import ALIKE, LENGTHS, PlayingTests

LENGTH = "test_a_wide_take_has_two_channels_to_the_sample"
OPPOSED = -0.5  # correlation of two channels; unrelated ones have about 0


class WideningTests(PlayingTests):
    """`--spatial stereo` of a mono model is the type's own where it says that it `widens`."""

    @pytest.fixture(scope="class")
    @classmethod
    def widening(cls, player: Loaded, model: Model) -> Loaded:
        """Give the part that plays, which widens."""
        if not player.owner.type.widens:
            pytest.skip(f"{player.owner.name} does not widen (widens=False); core decorrelates.")
        if model.channels != 1:
            pytest.skip(f"Its model has {model.channels} channels, and only one is widened.")
        return player

    @pytest.fixture(scope="class")
    @classmethod
    def narrow(cls, widening: Loaded, model: Model) -> list[Tensor]:
        """Give takes of width 0, [2, T] each."""
        return cls.wide(widening, model, LENGTHS[-1], 0.0)

    @pytest.fixture(scope="class")
    @classmethod
    def widest(cls, widening: Loaded, model: Model) -> list[Tensor]:
        """Give takes of width 1, [2, T] each."""
        return cls.wide(widening, model, LENGTHS[-1], 1.0)

    @pytest.mark.parametrize("samples", LENGTHS)
    def test_a_wide_take_has_two_channels_to_the_sample(
        self, widening: Loaded, model: Model, samples: int
    ) -> None:
        """It is laid beside mono takes of the same length."""
        takes = self.chunks(widening, model, samples, space=Space(STEREO))
        found, wanted = [list(each.shape) for each in takes], [2, samples]
        hold(
            found == [wanted] * len(takes),
            f"Asked for takes of {wanted} (channels and samples) it made {found}. Yield"
            " request.channels channels, which may be 2 where a type says widens=True.",
        )
        hold(all(each.isfinite().all() for each in takes), "What it plays wide is not finite.")

    def test_at_width_0_both_channels_are_alike(self, narrow: list[Tensor]) -> None:
        """Width is a knob that is turned up from mono."""
        far = max(float((each[0] - each[1]).abs().max()) for each in narrow)
        hold(
            far <= ALIKE,
            f"At width 0 left and right differ by {far:.2g}. Let the right channel be the left one"
            " there, and part from it by request.width.",
        )

    def test_at_width_1_they_differ(self, widest: list[Tensor]) -> None:
        """Who asks for stereo wants to hear some."""
        hold(
            all(float((each[0] - each[1]).abs().max()) > ALIKE for each in widest),
            "At width 1 left and right are alike. Draw a second, related sound for the right"
            " channel, request.width away from the left.",
        )

    def test_the_sum_of_a_wide_take_does_not_cancel(self, widest: list[Tensor]) -> None:
        """Half of all listeners hear both channels from one loudspeaker."""
        shared = sum(float((each[0] * each[1]).sum()) for each in widest)
        power = sum(float(each.square().sum()) / 2 for each in widest)
        hold(
            power == 0 or shared / power >= OPPOSED,
            f"Left and right cancel in mono (correlation {shared / max(power, 1e-12):.2f} at width"
            " 1). Part the two channels in what they are made of, not by turning one round.",
        )

    @classmethod
    def wide(cls, player: Loaded, model: Model, samples: int, width: float) -> list[Tensor]:
        """Make takes [2, T] of a width, where another test finds no fault with their shape."""
        try:
            takes = cls.chunks(player, model, samples, space=Space(STEREO, width))
        except pytest.fail.Exception:
            takes = []
        if not takes or any(list(each.shape) != [2, samples] for each in takes):
            leave_to(LENGTH, "it makes no two channels")
        return takes
