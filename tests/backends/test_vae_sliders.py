"""A slider moves what it is named for, as a stranger's ears would measure it on the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from distill_core.audio.packs import write_pack
from distill_core.header import read_header
from distill_vae.naming import PLAIN

from ..conftest import Result, call
from .listening import MEASURES

Distill = Callable[..., Result]
POSITIONS = (-1.0, -0.33, 0.33, 1.0)
SEEDS = 6
SMALL = [
    "--hidden-size", "64", "--layers", "2", "--slow-layers", "1", "--encoder-layers", "2",
    "--batch", "8", "--n-mels", "128", "--phase-rounds", "1",
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train for some twenty seconds on the pack that `distill demo` writes."""
    folder = tmp_path_factory.mktemp("sliders")
    write_pack(folder / "pack")
    out = folder / "model.distill"
    done = call(
        "train", folder / "pack", "-o", out, "--type", "vae", "--steps", 200, "--seed", 1, *SMALL
    )
    assert done.code == 0, done.err
    return out


def names(model: Path) -> list[str]:
    """Give the names of a model's sliders."""
    return [each["name"] for each in read_header(model).extras["vae"]["sliders"]]


@pytest.mark.slow
def test_several_properties_can_be_moved_by_name(model: Path) -> None:
    """A kit of six kinds of sounds has more to tell than its main direction."""
    about = {name.partition("-")[0] for name in names(model)} - {PLAIN}
    assert len(about) >= 3, about


@pytest.mark.slow
def test_moving_a_slider_moves_its_property(model: Path, tmp_path: Path) -> None:
    """From low to high, on average over seeds, at each step."""
    for name in names(model):
        about = name.partition("-")[0]
        if about == PLAIN:
            continue
        means = []
        for position in POSITIONS:
            out = tmp_path / f"{name} {position}"
            made = call(
                "generate", model, "--slider", f"{name}={position}", "--seed", 1,
                "--count", SEEDS, "-o", out,
            )  # fmt: skip
            assert made.code == 0, made.err
            measured = []
            for file in sorted(out.glob("*.wav")):
                samples, rate = soundfile.read(file)
                measured.append(MEASURES[about](samples, rate))
            assert len(measured) == SEEDS
            means.append(float(np.mean(measured)))
        assert means == sorted(means), (name, means)
