"""A plugin that stands around `distill_generate` changes every take, and each take says so."""

from __future__ import annotations

import json
from pathlib import Path

import distill_core as distill
import numpy as np
import pytest
import soundfile

from . import bring, registry

HALF = """
from distill_core import hookimpl

@hookimpl(wrapper=True)
def distill_generate():
    chunks = yield
    return (chunk * 0.5 for chunk in chunks)
"""


@pytest.fixture
def hush(pack: Path, tmp_path: Path) -> Path:
    """Train a stranger's model, without any wrapper."""
    with registry("good") as found:
        out = tmp_path / "hush.distill"
        return distill.train(pack, "hush", out=out, steps=2, seed=1, registry=found).model


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Install a wrapper that halves every take."""
    entries = "[distill.plugins]\nhalf = distill_half_loud\n"
    return bring(tmp_path, "distill-half-loud", HALF, entries)


def take_of(model: Path, *plugins: str | Path) -> distill.Take:
    """Make one take, the same but for the plugins."""
    with registry("good", *plugins) as found:
        return distill.load(model, device="cpu", registry=found).generate(duration=0.2, seed=4)


def test_a_recipe_names_who_stood_around_the_take(hush: Path, half: Path, tmp_path: Path) -> None:
    """Elsewhere, without them, the same recipe gives another sound, and must say why."""
    plain, wrapped = take_of(hush), take_of(hush, half)
    assert np.allclose(wrapped.audio.samples, plain.audio.samples / 2, atol=1e-7)
    assert wrapped.recipe == plain.recipe | {"wrappers": ["distill-half-loud 1.0"]}
    assert "wrappers" not in plain.recipe
    path = wrapped.save(tmp_path / "take.wav")
    sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert sidecar["wrappers"] == ["distill-half-loud 1.0"]
    with soundfile.SoundFile(path) as sound:
        assert json.loads(sound.comment)["wrappers"] == ["distill-half-loud 1.0"]


def test_wrappers_stand_in_the_order_in_which_they_are_heard(hush: Path, half: Path) -> None:
    """A limiter before a gain is not one after it."""
    told = take_of(hush, half, "listener").recipe["wrappers"]
    assert told == ["distill-half-loud 1.0", "distill-listener-fixture 0.1.0"]


def test_a_listener_that_only_hears_is_not_named(hush: Path, tmp_path: Path) -> None:
    """It changes no take, so that no recipe depends on it."""
    source = "from distill_core import hookimpl\n\n@hookimpl\ndef distill_event(event): ...\n"
    ear = bring(tmp_path, "distill-ear", source, "[distill.plugins]\near = distill_ear\n")
    assert "wrappers" not in take_of(hush, ear).recipe
