"""Conformance: what a model plays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from ..configs import structure
from ..errors import DistillError
from ..generating.collecting import make_request
from ..generating.request import Chunk
from ..generating.space import AS_IT_IS, Space
from ..loading import Loaded
from ..model import Model
from ..presets import checked_name, presets_in, settings_from
from ..training.average import snapshot
from .failing import excepting, fail, hold, leave_to, told
from .generators import Generators
from .sounding import SECONDS, SEED
from .trained import TrainedTests

if TYPE_CHECKING:
    from numpy.typing import NDArray

SILENT = 1e-4  # peak; 80 dB below full scale
ALIKE = 1e-4  # of full scale; what a batch's arithmetic may change
LENGTHS = (1, 997, 24_000)  # samples
LONG = 100_001  # samples; several chunks of most


class Piece(NamedTuple):
    """A part of a take, [C, T_i], as it was yielded, and a copy of what it was then."""

    piece: Tensor
    copy: Tensor


class PlayingTests(TrainedTests):
    """`distill_generate` makes the sound that was asked for, out of the request alone."""

    @pytest.fixture(scope="class")
    @classmethod
    def player(cls, part: Loaded) -> Loaded:
        """Give the part that plays."""
        if not part.owner.type.plays:
            pytest.skip(f"{part.owner.name} does not play (plays=False).")
        return part

    @pytest.fixture(scope="class")
    @classmethod
    def instrument(cls, player: Loaded, model: Model) -> Model:  # noqa: ARG003 - it skips
        """Give the model, once it is known that it makes sounds at all."""
        try:
            model.generate(SECONDS, SEED, **cls.playing)
        except DistillError as error:
            leave_to("test_a_take_has_its_length_to_the_sample", f"it does not play: {told(error)}")
        return model

    @pytest.mark.parametrize("samples", LENGTHS)
    def test_a_take_has_its_length_to_the_sample(
        self, player: Loaded, model: Model, samples: int
    ) -> None:
        """Loops and layers have to fit."""
        takes = self.chunks(player, model, samples)
        found, wanted = [list(each.shape) for each in takes], [model.channels, samples]
        hold(
            found == [wanted] * len(takes),
            f"Asked for takes of {wanted} (channels and samples) it made {found}. Yield chunks"
            " [B, C, T_i], C of them the model's channels, until request.samples are made, and cut"
            " the last one.",
        )

    @pytest.mark.parametrize("samples", [LENGTHS[-1], None])
    def test_a_take_is_finite_and_not_silent(
        self, player: Loaded, model: Model, samples: int | None
    ) -> None:
        """NaN is refused when it is written, and silence is what a broken model plays."""
        for take in self.chunks(player, model, samples):
            hold(
                take.isfinite().all(),
                "What it plays is not finite. Look for a division by zero, or for a level or an"
                " exponent without a bound.",
            )
            peak = float(take.abs().max()) if take.numel() else 0.0
            hold(
                peak >= SILENT,
                f"A take is silent (peak {peak:.2g}). If a few steps of training cannot do better,"
                " excuse this test with that as the reason.",
            )

    def test_a_take_ends_by_itself(self, player: Loaded, model: Model) -> None:
        """Without a length a sound has its natural end, or the usual 10 seconds."""
        for take in self.chunks(player, model, None):
            hold(
                take.shape[-1] > 0,
                "Without a length it made nothing. Where request.samples is None, yield one sound"
                " to its natural end, or SECONDS_GOING_ON of what has none.",
            )

    def test_its_presets_can_be_played(self, player: Loaded, model: Model) -> None:
        """What the training names is what `distill generate --preset` and the page offer."""
        kind = player.owner.type
        cure = (
            f'Under "presets", return tables of {kind.generating.__name__}\'s settings by a name of'
            " 1 to 60 characters without = and /."
        )
        with excepting("What distill_train returns as presets is none", cure):
            presets = presets_in(model.header, [player.owner.name])
        if not presets:
            pytest.skip(f"{player.owner.name} makes no presets.")
        for each in presets:
            with excepting(f"The preset {each.name!r} cannot be played", cure):
                settings_from(model.header, kind, {}, checked_name(each.name))

    def test_the_same_seed_is_the_same_sound(self, instrument: Model) -> None:
        """A recipe brings a take back."""
        one, other = (self.takes(instrument, [SEED])[0] for _ in range(2))
        hold(
            np.array_equal(one, other),
            "One seed made two sounds. Draw from request.rngs only, one generator a take, and keep"
            " nothing from one call of distill_generate to the next.",
        )

    def test_another_seed_is_another_sound(self, instrument: Model) -> None:
        """Two hundred takes of one sound are one sound."""
        one, other = (self.takes(instrument, [seed])[0] for seed in (SEED, SEED + 1))
        hold(
            not np.array_equal(one, other),
            "Two seeds made one sound. Draw what differs from take to take from request.rngs.",
        )

    def test_a_take_is_the_same_among_others(self, instrument: Model) -> None:
        """Each take of a batch depends on its own seed alone."""
        alone = self.takes(instrument, [SEED])[0]
        others = self.takes(instrument, [SEED, 8])[0], self.takes(instrument, [9, SEED])[1]
        hold(
            all(
                alone.shape == each.shape and np.allclose(alone, each, atol=ALIKE)
                for each in others
            ),
            "A take changes with the others of its batch. Draw each row from its own generator,"
            " request.rngs[row], and mix nothing across the batch.",
        )

    def test_chunks_stay_as_they_were_given(
        self,
        player: Loaded,
        model: Model,
        instrument: Model,
    ) -> None:
        """They are kept until the take is whole, and written then."""
        takes = self.pieces(player, model, LONG)
        hold(
            all(each.piece.equal(each.copy) for pieces in takes for each in pieces),
            "A chunk was changed after it was yielded. Yield a new tensor each time, or a copy"
            " (.clone()) of a buffer that is filled again.",
        )
        lengths = [sum(each.copy.shape[-1] for each in pieces) for pieces in takes]
        hold(
            lengths == [LONG] * len(takes),
            f"Asked for takes of {LONG} samples it made {lengths}. Yield chunks until"
            " request.samples are made, however many those are.",
        )

    def test_playing_changes_no_weight(self, player: Loaded, instrument: Model) -> None:
        """What plays for a year must sound as on the first day."""
        before = snapshot(player.network)
        self.takes(instrument, [SEED])
        after = snapshot(player.network)
        odd = [name for name in before if not torch.equal(before[name], after[name])]
        hold(
            not odd and before.keys() == after.keys(),
            f"Playing changed {', '.join(odd[:3])}. Work on copies; a network that plays is in"
            " eval mode, and is not trained.",
        )

    def test_playing_leaves_the_global_generators(self, instrument: Model) -> None:
        """Someone's own random numbers are none of a backend's business."""
        before = Generators.now()
        self.takes(instrument, [SEED])
        changed = before.changed()
        hold(
            not changed,
            f"distill_generate changes the global generator of {', '.join(changed)}. Give every"
            " draw generator=request.rngs[take], and seed nothing.",
        )

    def takes(self, model: Model, seeds: Sequence[int]) -> list[NDArray[np.float32]]:
        """Make takes [C, T], drawn together, as a user's would be made."""
        made = model.takes(seeds, SECONDS, batch=len(seeds), **self.playing)
        return [take.audio.samples for take in made]

    @classmethod
    def chunks(
        cls, player: Loaded, model: Model, samples: int | None, space: Space = AS_IT_IS
    ) -> list[Tensor]:
        """Join what the hook yields for two takes, [C, T] each, before core trims or refuses it."""
        takes = cls.pieces(player, model, samples, space)
        joined = [[each.copy for each in pieces] for pieces in takes]
        return [torch.cat(each, -1) if each else torch.zeros(0, 0) for each in joined]

    @classmethod
    def pieces(
        cls, player: Loaded, model: Model, samples: int | None, space: Space = AS_IT_IS
    ) -> list[list[Piece]]:
        """Collect what the hook yields for two takes."""
        settings: Any = structure(player.owner.type.generating, cls.playing)
        request = make_request(model, player, (SEED, SEED + 1), samples, space)
        pieces: list[list[Piece]] = [[] for _ in request.rngs]
        try:
            with torch.inference_mode():
                for given in player.owner.call(
                    "distill_generate", model=player.network, config=settings, request=request
                ):
                    chunk = Chunk.of(given, len(pieces))
                    for row, take in enumerate(chunk.takes):
                        piece = chunk.samples[row]
                        pieces[take].append(Piece(piece, piece.clone()))
        except DistillError as error:
            fail(
                f"Asked for {len(pieces)} takes it failed: {told(error)}",
                "Yield float32 [B, C, T_i], or Chunk records, with a row for each take.",
            )
        return pieces
