"""Conformance: what a network keeps that blends with others of its type."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest
import torch

from ..configs import structure
from ..errors import DistillError
from ..loading import Loaded
from ..model import Model
from ..protocols import Blends
from ..training.average import snapshot
from .failing import excepting, hold, leave_to, told
from .playing import ALIKE, PlayingTests
from .sounding import SECONDS, SEED
from .trained import Training
from .trial import SEED as TRAINED
from .trial import Trial

MIXING = "test_it_mixes_with_a_copy_of_itself"
HALF = 0.5


class BlendTests(PlayingTests):
    """`--blend` mixes latents where the leader's network says that it can."""

    @pytest.fixture(scope="class")
    @classmethod
    def blending(cls, player: Loaded) -> Blends:
        """Give the network that plays, which blends."""
        if Blends not in player.owner.type.provides:
            pytest.skip(f"{player.owner.name} promises no Blends.")
        assert isinstance(player.network, Blends)  # core asked when it was built
        return player.network

    @pytest.fixture(scope="class")
    @classmethod
    def copy(cls, blending: Blends, trial: Trial, training: Training) -> Model:  # noqa: ARG003
        """Give the same model once more, from a file of its own."""
        return trial.load(shutil.copyfile(training.done.model, trial.path("copy")))

    @pytest.fixture(scope="class")
    @classmethod
    def relative(cls, blending: Blends, trial: Trial) -> Model:
        """Give a model that learnt the same from another seed, and mixes with the first."""
        other = trial.load(trial.train("relative", seed=TRAINED + 1).model)
        network = other.player().network
        if not blending.mixes_with(network):
            pytest.skip("It does not mix with one of another seed; core mixes their sounds.")
        return other

    def test_it_mixes_with_a_copy_of_itself(self, blending: Blends, copy: Model) -> None:
        """What was built alike has latents that mean the same."""
        with excepting("mixes_with cannot take a copy of its network", "Compare the configs."):
            mixes = blending.mixes_with(copy.player().network)
        hold(
            mixes is True,
            f"mixes_with gives {mixes!r} for a copy of its own network. Give True for what was"
            " built from the same config.",
        )

    def test_it_fits_the_settings_that_it_knows(self, blending: Blends, player: Loaded) -> None:
        """Only what another partner alone knows is to be left out."""
        settings: Any = structure(player.owner.type.generating, self.playing)
        with excepting("fitting cannot take its own settings", "Give them back as they are."):
            fitted = blending.fitting(settings)
        hold(
            fitted == settings,
            f"fitting makes {fitted} of {settings}. Give settings back, less the names in them that"
            " this network does not know.",
        )

    def test_a_model_blended_with_itself_is_itself(
        self, blending: Blends, instrument: Model, copy: Model
    ) -> None:
        """Between a thing and the same thing there is nothing else."""
        if not blending.mixes_with(copy.player().network):
            leave_to(MIXING, "it does not mix with its copy")
        alone = self.takes(instrument, [SEED])[0]
        both = self.blended(instrument, copy)
        far = float(np.abs(both - alone).max()) if both.shape == alone.shape else np.inf
        hold(
            far <= ALIKE,
            f"Half of a model and half of its copy differ from the model alone by {far:.2g}. Mix by"
            " weight what each of request.blend makes of the same draws; the weights sum to 1.",
        )

    def test_another_partner_changes_the_take(
        self, player: Loaded, instrument: Model, relative: Model
    ) -> None:
        """Who blends wants to hear both."""
        one, other = (snapshot(each) for each in (player.network, relative.player().network))
        if all(torch.equal(one[name], other[name]) for name in one):
            pytest.skip("It learns the same from every seed.")
        alone, both = self.takes(instrument, [SEED])[0], self.blended(instrument, relative)
        hold(
            not np.array_equal(alone, both),
            "Blended with another model it sounds as alone. Look at request.blend: a network and"
            " its weight for each partner, the one that plays first.",
        )

    def blended(self, model: Model, other: Model) -> Any:
        """Make a take [C, T] of two halves."""
        try:
            blend = {model: HALF, other: HALF}
            made = model.generate(SECONDS, SEED, blend=blend, **self.playing)
        except DistillError as error:
            hold(False, f"Blended with another model it fails: {told(error)}.")
        return made.audio.samples
