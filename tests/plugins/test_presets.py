"""Presets: settings with a name, in the model file of any type; here of a stranger's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distill_core as distill
import numpy as np
import pytest
from distill_core import ConfigError, ModelFileError
from distill_core.audio.packs import write_pack
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.registry import Registry
from distill_core.strict import dump

from . import registry

SHORT = {"duration": 0.1, "seed": 7}


@pytest.fixture(scope="module")
def found() -> Iterator[Registry]:
    """Give the stranger's plugins."""
    with registry("good") as installed:
        yield installed


@pytest.fixture(scope="module")
def trained(found: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the stranger's type, which makes presets of its own; read-only for tests."""
    folder = tmp_path_factory.mktemp("hush")
    write_pack(folder / "sounds", seed=0, count=4)
    out = folder / "hush.distill"
    distill.train(folder / "sounds", "hush", out=out, steps=2, seed=1, registry=found)
    return out


@pytest.fixture
def path(trained: Path, tmp_path: Path) -> Path:
    """Copy the model, to be changed."""
    return Path(shutil.copy(trained, tmp_path / "hush.distill"))


def holding(path: Path, presets: Any) -> None:
    """Write presets into a model file as a stranger may: whole, with a good digest."""
    file = read_model_file(path)
    write_model_file(path, file.header.told | {"presets": dump(presets)}, file.parts())


def settings(found: Registry, path: Path, preset: str, **knobs: Any) -> dict[str, Any]:
    """Play a preset; give the settings that the recipe tells."""
    take = distill.load(path, device="cpu", registry=found).generate(
        **SHORT, preset=preset, **knobs
    )
    assert take.recipe["preset"] == preset
    told: dict[str, Any] = take.recipe["settings"]
    return told


def test_a_preset_sounds_like_its_settings(found: Registry, path: Path) -> None:
    """A name stands for settings, and for nothing else."""
    model = distill.load(path, device="cpu", registry=found)
    take = model.generate(**SHORT, preset="soft")
    same = model.generate(**SHORT, loudness=0.1)
    assert np.array_equal(take.audio.samples, same.audio.samples)
    assert take.recipe == same.recipe | {"preset": "soft"}
    assert [each.recipe["preset"] for each in model.takes([1, 2], preset="soft")] == ["soft"] * 2


def test_what_is_given_goes_on_top_of_a_preset_singly(found: Registry, path: Path) -> None:
    """One slider more leaves the preset's others where they are."""
    told = settings(found, path, "low and high", tilt={"low": 1, "mid": 0.5}, loudness=0.25)
    assert told["tilt"] == {"low": 1.0, "mid": 0.5, "high": -0.25}
    assert told["loudness"] == 0.25
    assert settings(found, path, "low and high")["loudness"] == 0.5  # the type's default


def test_the_users_preset_hides_the_datas_of_the_same_name(found: Registry, path: Path) -> None:
    """Who saves one means that one."""
    holding(path, {"soft": {"loudness": 0.75}})
    assert settings(found, path, "soft")["loudness"] == 0.75
    assert settings(found, path, "low and high")["tilt"]["low"] == 0.5


def test_an_unknown_preset_is_told_with_those_there_are(found: Registry, path: Path) -> None:
    """The nearest is suggested."""
    with pytest.raises(ConfigError, match=r"Did you mean soft\? It has: low and high, soft\."):
        settings(found, path, "sotf")


@pytest.mark.parametrize(
    ("presets", "says"),
    [
        ({"bad": {"loudness": 30}}, "loudness: 30 must lie between 0 and 1"),
        ({"bad": {"temperature": 1}}, "temperature: no such setting"),
        ({"bad": {"tilt": [1]}}, "tilt: "),
        ({"bad": {f"x{number}": 1 for number in range(2000)}}, "2000 settings"),
        ({"bad": {"score": "/etc/passwd"}}, "cannot hold the path of a file"),
        ({"bad": 5}, "its presets are damaged"),
    ],
)
def test_a_strangers_bad_preset_is_one_line(
    found: Registry, path: Path, presets: Any, says: str
) -> None:
    """Whoever wrote the file may have written anything."""
    holding(path, presets)
    with pytest.raises(ModelFileError, match=r"hush\.distill: its preset") as caught:
        settings(found, path, "bad")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
