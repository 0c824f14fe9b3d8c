"""Conformance: other sounds, rates and channels than those that a type is tried on elsewhere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

from ..audio.packs import synthesise
from ..controls import control
from ..errors import ConfigError, DistillError
from ..loading import Loaded
from ..model import Model
from ..protocols import Reconstructs, Tokenizer
from .failing import fail_by, hold, told
from .sounding import SECONDS, fault, noise, sound_of
from .trained import TrainedTests
from .trial import Trial

STEPS = 2
SHORT = 0.01  # seconds; the least that a clip has
OTHERS = {"channels": (2, 1), "sample_rate": (22_050, 16_000)}  # the first that is another's


class CircumstanceTests(TrainedTests):
    """What its author may never have tried, and its users will."""

    def test_one_short_clip_is_enough(
        self,
        trial: Trial,
        sounding: Model,
        tmp_path: Path,
    ) -> None:
        """Someone will begin with a single click, of which nothing can be held out."""
        sound = synthesise("kick", 0, 0)
        (folder := tmp_path / "clip").mkdir()
        sound.cut(math.ceil(SHORT * sound.sample_rate)).save(folder / "click.wav")
        what = f"Trained on one clip of {SHORT * 1000:g} ms, and nothing held out"
        try:
            model = trial.load(attrs.evolve(trial, sounds=folder).train("click", STEPS).model)
        except DistillError as error:
            fail_by(error, f"{what}, it failed", "Pad what is shorter than a frame or a crop.")
        wrong = fault(model, self.model_type, self.playing)
        hold(wrong is None, f"{what}, it does not sound: {wrong} Mind means of nothing.")

    def test_another_rate_and_other_channels_work_too(
        self, trial: Trial, part: Loaded, sounding: Model
    ) -> None:
        """They are settings of every type, and core brings all sounds to them."""
        if trial.is_companion:
            pytest.skip("Its host has them.")
        if sound_of(sounding, self.model_type, self.playing) is None:
            pytest.skip("It makes no sound by which to tell.")
        changed = {name: _another(part.config, name) for name in OTHERS}
        small = dict(trial.small) | changed
        what = f"With {' and '.join(f'{name} {value}' for name, value in changed.items())}"
        cure = "Take both from the model config wherever they matter."
        try:
            model = attrs.evolve(trial, small=small).train("elsewhere", STEPS).model
        except ConfigError as error:
            pytest.skip(f"{what}, it says: {told(error)}.")
        except DistillError as error:
            fail_by(error, f"{what}, it cannot be trained", cure)
        try:
            shape, wanted = _shapes(trial.load(model), self.model_type, self.playing)
        except DistillError as error:
            fail_by(error, f"{what}, it does not sound", cure)
        hold(shape == wanted, f"{what}, it makes {shape} instead of {wanted} samples. {cure}")


def _another(config: Any, name: str) -> Any:
    """Give a value of a setting that is not the config's, where its bounds allow one."""
    own, knob = getattr(config, name), control(type(config), name)
    others = (each for each in OTHERS[name] if each != own and not knob.fault(each))
    return next(others, own)


def _shapes(model: Model, model_type: str, playing: Any) -> tuple[list[int], list[int]]:
    """Give the shape [C, T] of what a model makes, and the shape that it should have."""
    wanted = [model.channels, round(SECONDS * model.sample_rate)]
    if model.registry.model_type(model_type).plays:
        sound = sound_of(model, model_type, playing)
        return list(sound.samples.shape) if sound is not None else [], wanted
    audio = torch.from_numpy(noise(model, wanted[1]).samples)[None]
    network = model.host.network
    with torch.inference_mode():
        if isinstance(network, Reconstructs):
            again = network.reconstruct(audio)
        else:
            assert isinstance(network, Tokenizer)  # or there would have been no sound
            again = network.decode(network.encode(audio), wanted[1])
    return list(again.shape[1:]), wanted
