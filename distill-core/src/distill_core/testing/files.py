"""Conformance: what a model file keeps, and which files are refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from torch import Tensor

from ..atomic import write_atomic
from ..errors import DistillError, ModelFileError
from ..header import read_header
from ..loading import Loaded
from ..model import Model
from ..modelfile import read_model_file, write_model_file
from ..seeding import seeded
from ..strict import dump
from .failing import fail, fail_by, hold, leave_to
from .sounding import SEED, sound_of
from .trained import TrainedTests, Training
from .trial import Trial

CONFINED = "Keep what is learnt in the network and nowhere else: no globals, no class attributes."
TOLERANCE = 1e-5  # of full scale, between the network in memory and the loaded one


class FileTests(TrainedTests):
    """A model file holds all that was learnt, and nothing else passes for one."""

    def test_what_was_trained_can_be_loaded(self, first_loading: Model | DistillError) -> None:
        """A model that nothing reads is minutes lost."""
        if isinstance(first_loading, DistillError):
            fail_by(
                first_loading,
                "Loaded again from its file, it failed",
                "Let distill_build follow from the config in the file, whatever device tensors are"
                " on, and leave distill_load out unless it has to do more.",
            )

    def test_saving_what_was_loaded_gives_the_same_bytes(
        self, trial: Trial, training: Training, model: Model
    ) -> None:
        """Adding a companion rewrites the file: nothing may drift by that."""
        source = training.done.model
        loaded = trial.part(trial.load(source))  # anew: what plays may have changed the other
        tensors = loaded.network.state_dict()
        copy = _rewritten(source, trial.path("copy"), {self.model_type: tensors})
        hold(
            copy.read_bytes() == source.read_bytes(),
            "Loaded and saved again, the file is another. distill_load has to give a network whose"
            " state_dict is what the file holds, name by name and bit by bit.",
        )

    def test_what_is_loaded_is_what_was_trained(
        self, training: Training, sounding: Model, part: Loaded
    ) -> None:
        """The file alone must suffice: the network that was trained is gone."""
        sounds = []
        for each in (_with_network(sounding, part, training), sounding):
            with seeded(SEED):  # whoever draws from there is told so elsewhere
                sounds.append(sound_of(each, self.model_type, self.playing))
        if sounds[0] is None or sounds[1] is None:
            pytest.skip("It makes no sound by which to tell.")
        one, other = (each.samples for each in sounds if each is not None)
        same = one.shape == other.shape and np.allclose(one, other, atol=TOLERANCE)
        hold(
            same,
            "What was trained sounds otherwise than what was loaded from its file. Keep all that is"
            " learnt as parameters or buffers (register_buffer), or return it from distill_train"
            " as extras: a plain attribute is lost.",
        )

    def test_a_model_keeps_what_it_learnt_to_itself(self, trial: Trial, sounding: Model) -> None:
        """What lies in a module is gone when the process ends, and everyone's until then."""

        def sound_from(model: Model) -> bytes:
            with seeded(SEED):
                sound = sound_of(model, self.model_type, self.playing)
            return sound.samples.tobytes() if sound is not None else b""

        alone = sound_from(sounding)
        if alone != sound_from(sounding):
            leave_to("test_the_same_seed_is_the_same_sound", "it never sounds the same")
        try:
            sound_from(trial.load(trial.train("rival", steps=1, seed=SEED + 1).model))
        except DistillError as error:
            fail_by(error, "Once a model was trained, no other can be", CONFINED)
        hold(
            alone == sound_from(sounding),
            f"A model sounds otherwise once another was trained and loaded. {CONFINED}",
        )

    @pytest.mark.parametrize("change", ["lacks a tensor", "has one more", "has another shape"])
    def test_foreign_weights_are_refused(
        self, trial: Trial, training: Training, change: str
    ) -> None:
        """Half a model would make noise, and nobody would know why."""
        tensors = dict(read_model_file(training.done.model).part(self.model_type))
        if not tensors:
            pytest.skip("It keeps no tensors.")
        name = sorted(tensors)[0]
        if change == "lacks a tensor":
            del tensors[name]
        elif change == "has one more":
            tensors["stranger"] = torch.zeros(3)
        else:
            tensors[name] = tensors[name][None]
        path = _rewritten(training.done.model, trial.path("foreign"), {self.model_type: tensors})
        refused(trial, path, f"A file that {change}")

    def test_unknown_settings_are_refused(self, trial: Trial, training: Training) -> None:
        """A file of another layout must not be half understood."""
        header = read_model_file(training.done.model).header
        if trial.is_companion:
            companions = header.companions
            companions[self.model_type]["config"]["stranger"] = 1
            words = {"companions": dump(companions)}
        else:
            words = {"config": dump(header.config | {"stranger": 1})}
        path = _rewritten(training.done.model, trial.path("strange"), {}, words)
        refused(trial, path, "A file with a setting that nobody knows")

    def test_newer_files_are_refused(self, trial: Trial, training: Training) -> None:
        """Who has an old backend must learn what to upgrade."""
        header = read_model_file(training.done.model).header
        newer = max(trial.owner.type.versions) + 1
        if trial.is_companion:
            companions = header.companions
            companions[self.model_type]["version"] = newer
            words = {"companions": dump(companions)}
        else:
            words = {"version": str(newer)}
        path = _rewritten(training.done.model, trial.path("newer"), {}, words)
        told = refused(trial, path, f"A file of version {newer}")
        owner = trial.owner.claim.distribution
        hold(owner in told, f"The refusal of a newer file does not name {owner}: {told}")

    def test_truncated_files_are_refused(self, trial: Trial, training: Training) -> None:
        """A download that broke off is no model."""
        whole = training.done.model.read_bytes()
        path = trial.path("truncated")
        write_atomic(path, whole[: len(whole) - 3])
        refused(trial, path, "A truncated file")

    def test_strangers_files_are_not_claimed(self, trial: Trial) -> None:
        """Two that claim one file keep it from both; and a claim is believed."""
        path, told = trial.path("stranger"), {"model_type": "somebody-elses", "name": "stranger"}
        write_model_file(path, told, {"somebody-elses": {"stranger": torch.zeros(3)}})
        hook = trial.registry.ask_one(trial.owner.claim, "distill_detect")
        cure = "Give a name only where header.told says that a file is yours, and None otherwise."
        try:
            claimed = [each for each in hook(header=read_header(path)) if each is not None]
        except Exception as error:
            fail(
                f"distill_detect fails at a stranger's file: {type(error).__name__}: {error}", cure
            )
        hold(not claimed, f"distill_detect claims a stranger's file as {claimed}. {cure}")


def refused(trial: Trial, path: Path, what: str) -> str:
    """Hold that a file is refused as a model file; give the words."""
    cure = (
        "Leave distill_load out (core's default holds every tensor against the network), or raise"
        " ModelFileError there."
    )
    told: DistillError | None = None
    try:
        trial.load(path)
    except DistillError as error:
        told = error
    if told is None:
        fail(f"{what} is loaded as if it were right", cure)
    kind = type(told).__name__
    hold(
        isinstance(told, ModelFileError),
        f"{what} is refused with {kind}, not ModelFileError: {told} {cure}",
    )
    return str(told)


def _rewritten(
    source: Path,
    path: Path,
    parts: Mapping[str, Mapping[str, Tensor]],
    words: Mapping[str, str] | None = None,
) -> Path:
    """Write a model file again with some other parts and words, and a digest that is right."""
    file = read_model_file(source)
    write_model_file(path, file.header.told | dict(words or {}), file.parts() | dict(parts))
    return path


def _with_network(model: Model, part: Loaded, training: Training) -> Model:
    """Give the model as it would be if its network had stayed in memory."""
    kept = attrs.evolve(part, network=training.seen.network.eval())
    if part is model.host:
        return attrs.evolve(model, host=kept)
    return attrs.evolve(model, companions=dict(model.companions) | {part.owner.name: kept})
