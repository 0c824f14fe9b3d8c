"""A stranger's backend, through the same doors as the built-in ones."""

from __future__ import annotations

from pathlib import Path

import distill_core as distill
import numpy as np
import pytest
import soundfile
from distill_core.controls import controls

from . import registry

RATE = 16_000


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Write three short sounds."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.5, 0.5, RATE // 2)
        soundfile.write(folder / f"{number}.wav", noise, RATE)
    return folder


def test_a_strangers_backend_trains_saves_loads_and_plays(sounds: Path, tmp_path: Path) -> None:
    """Nothing that the built-in ones use may be closed to a stranger."""
    with registry("good", "listener") as found:
        run = distill.train(
            sounds, "hush", out=tmp_path / "hush.distill", steps=3, seed=1, color="pink",
            registry=found,
        )  # fmt: skip
        header = distill.header(str(run.model))
        assert (header.model_type, header.version) == ("hush", 3)
        assert header.told["backend"] == "distill-hush-fixture 0.3.0"
        assert header.config["width"] == 2  # automatic, filled by distill_adapt
        assert header.config["color"] == "pink"
        assert header.extras["hush"]["steps"] == 3
        model = distill.load(run.model, device="cpu", registry=found)
        take = model.generate(duration=0.5, seed=7, loudness=1.0, tilt={"low": 0.25})
        assert take.audio.samples.shape == (1, RATE // 2)
        again = model.generate(duration=0.5, seed=7, loudness=1.0, tilt={"low": 0.25})
        assert np.array_equal(take.audio.samples, again.audio.samples)
        assert model.generate(seed=7).audio.samples.shape == (1, 8000)  # its natural end
        listener = next(claim.point.load() for claim in found.named("plugin"))
        told = [event.event for event in listener.heard]
        assert (told[0], told[-1]) == ("started", "done")
        assert listener.wrapped == ["hush"] * 3


def test_the_fixture_has_a_knob_of_every_kind() -> None:
    """It stands for all strangers: a kind it lacks is a kind that nobody tries."""
    with registry("good") as found:
        record = found.model_type("hush")
        classes = (record.model, record.training, record.generating)
        kinds = {each.kind for cls in classes for each in controls(cls)}
    assert kinds == {"bool", "int", "float", "choice", "text", "path", "table"}
