"""Conformance: what a model plays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from ..errors import DistillError
from ..generating.take import Take
from ..loading import Loaded
from ..model import Model
from ..training.average import snapshot
from .failing import fail, hold
from .generators import Generators
from .trained import TrainedTests

SEED = 7
SECONDS = 0.5
SILENT = 1e-4  # peak; 80 dB below full scale
ALIKE = 1e-4  # of full scale; what a batch's arithmetic may change
LENGTHS = (1, 997, 24_000)  # samples


class PlayingTests(TrainedTests):
    """`distill_generate` makes the sound that was asked for, out of the request alone."""

    @pytest.fixture(scope="class")
    @classmethod
    def player(cls, part: Loaded) -> Loaded:
        """Give the part that plays."""
        if not part.owner.type.plays:
            pytest.skip(f"{part.owner.name} does not play (plays=False).")
        return part

    @pytest.mark.parametrize("samples", LENGTHS)
    def test_a_take_has_its_length_to_the_sample(
        self, player: Loaded, model: Model, samples: int
    ) -> None:
        """Loops and layers have to fit."""
        (take,) = self.takes(model, [SEED], samples / model.sample_rate)
        found = take.audio.samples
        wanted = (model.channels, samples)
        hold(
            found.dtype == np.float32 and found.shape == wanted,
            f"Asked for float32 {list(wanted)} it made {found.dtype} {list(found.shape)}. Yield"
            " chunks [B, C, T_i], C of them the model's channels, until request.samples are made.",
        )

    def test_a_take_ends_by_itself(self, player: Loaded, model: Model) -> None:
        """Without a length a sound has its natural end, or the usual 10 seconds."""
        (take,) = self.takes(model, [SEED], None)
        hold(
            take.audio.samples.shape[-1] > 0,
            "Without a length it made nothing. Where request.samples is None, yield one sound to"
            " its natural end, or SECONDS_GOING_ON of what has none.",
        )

    def test_a_take_is_finite_and_not_silent(self, player: Loaded, model: Model) -> None:
        """NaN is refused when it is written, and silence is what a broken model plays."""
        (take,) = self.takes(model, [SEED], SECONDS)
        peak = float(np.abs(take.audio.samples).max())
        hold(
            peak >= SILENT,
            f"A take of {SECONDS} s is silent (peak {peak:.2g}). If a few steps of training cannot"
            " do better, excuse this test with that as the reason.",
        )

    def test_the_same_seed_is_the_same_sound(self, player: Loaded, model: Model) -> None:
        """A recipe brings a take back."""
        one, other = (self.takes(model, [SEED], SECONDS)[0].audio.samples for _ in range(2))
        hold(
            np.array_equal(one, other),
            "One seed made two sounds. Draw from request.rngs only, one generator a take, and keep"
            " nothing from one call of distill_generate to the next.",
        )

    def test_another_seed_is_another_sound(self, player: Loaded, model: Model) -> None:
        """Two hundred takes of one sound are one sound."""
        one, other = (
            self.takes(model, [seed], SECONDS)[0].audio.samples for seed in (SEED, SEED + 1)
        )
        hold(
            not np.array_equal(one, other),
            "Two seeds made one sound. Draw what differs from take to take from request.rngs.",
        )

    def test_a_take_is_the_same_among_others(self, player: Loaded, model: Model) -> None:
        """Each take of a batch depends on its own seed alone."""
        first, second = (
            self.takes(model, [SEED, other], SECONDS)[0].audio.samples for other in (8, 9)
        )
        hold(
            first.shape == second.shape and np.allclose(first, second, atol=ALIKE),
            "A take changes with the others of its batch. Draw each row from its own generator,"
            " request.rngs[row], and mix nothing across the batch.",
        )

    def test_playing_changes_no_weight(self, player: Loaded, model: Model) -> None:
        """What plays for a year must sound as on the first day."""
        before = snapshot(player.network)
        self.takes(model, [SEED], SECONDS)
        after = snapshot(player.network)
        odd = [name for name in before if not torch.equal(before[name], after[name])]
        hold(
            not odd and before.keys() == after.keys(),
            f"Playing changed {', '.join(odd[:3])}. Work on copies; a network that plays is in"
            " eval mode, and is not trained.",
        )

    def test_playing_leaves_the_global_generators(self, player: Loaded, model: Model) -> None:
        """Someone's own random numbers are none of a backend's business."""
        before = Generators.now()
        self.takes(model, [SEED], SECONDS)
        changed = before.changed()
        hold(
            not changed,
            f"distill_generate changes the global generator of {', '.join(changed)}. Give every"
            " draw generator=request.rngs[take], and seed nothing.",
        )

    def takes(self, model: Model, seeds: Sequence[int], duration: float | None) -> list[Take]:
        """Make takes, drawn together; a failure is told with what it was asked for."""
        try:
            return list(model.takes(seeds, duration, batch=len(seeds), **self.playing))
        except DistillError as error:
            length = "its natural end" if duration is None else f"{duration:g} s"
            fail(f"Asked for {len(seeds)} of {length}, it failed", str(error))
