"""A plugin that stands around `distill_generate` changes every take, and each take says so."""

from __future__ import annotations

import json
from pathlib import Path

import distill_core as distill
import numpy as np
import pytest
import soundfile
from distill_core.errors import BackendError

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


FAULTS = {
    "yield chunks": r"distill-half-loud 1\.0 failed in distill_generate: .*second yield",
    "return None": r"with chunks \(it went through distill-half-loud 1\.0\)",
    "return (chunk.repeat(1, 2, 1) for chunk in chunks)": r"\[1, 1, T\] \(it went thr",
    "return iter(())": r"it gave no sound \(it went through distill-half-loud 1\.0\)",
}


@pytest.mark.parametrize("ending", FAULTS)
def test_a_wrapper_is_named_where_what_comes_out_is_wrong(
    hush: Path, tmp_path: Path, ending: str
) -> None:
    """Its owner's is the only other name, and to remove the owner would not help."""
    source = HALF.partition("    return")[0] + f"    {ending}\n"
    entries = "[distill.plugins]\nhalf = distill_half_loud\n"
    wrapper = bring(tmp_path, "distill-half-loud", source, entries)
    with pytest.raises(BackendError, match=FAULTS[ending]):
        take_of(hush, wrapper)


def test_one_may_stand_around_adapting_too(pack: Path, tmp_path: Path) -> None:
    """It has to be there before the first stage is planned."""
    source = (
        "from distill_core import hookimpl\n\n@hookimpl(wrapper=True)\ndef distill_adapt():\n"
        "    yield\n    raise ValueError('heard')\n"
    )
    ear = bring(tmp_path, "distill-ear", source, "[distill.plugins]\near = distill_ear\n")
    with (
        registry("good", ear) as found,
        pytest.raises(BackendError, match=r"distill-ear 1\.0 .*heard"),
    ):
        distill.train(pack, "hush", out=tmp_path / "it.distill", steps=1, registry=found)


def test_a_listener_that_fails_is_told_of_at_once(pack: Path, tmp_path: Path) -> None:
    """Who waits for its logbook for hours should not find out afterwards."""
    source = "from distill_core import hookimpl\n\n@hookimpl\ndef distill_event(event): 1 / 0\n"
    ear = bring(tmp_path, "distill-ear", source, "[distill.plugins]\near = distill_ear\n")
    heard: list[distill.Event] = []
    with registry("good", ear) as found:
        done = distill.train(
            pack, "hush", out=tmp_path / "it.distill", steps=1, registry=found,
            on_event=heard.append,
        )  # fmt: skip
    (told,) = (each.message for each in heard if isinstance(each, distill.Warned))
    assert told == "A listener failed (distill-ear 1.0): ZeroDivisionError: division by zero."
    assert done.warnings == (told,)


def test_one_may_stand_around_loading_too(hush: Path, tmp_path: Path) -> None:
    """It has to be there before the first model is loaded."""
    source = (
        "from distill_core import hookimpl\n\n@hookimpl(wrapper=True)\ndef distill_load():\n"
        "    network = yield\n    for each in network.parameters():\n        each.data.zero_()\n"
        "    return network\n"
    )
    entries = "[distill.plugins]\nblank = distill_blank\n"
    blank = bring(tmp_path, "distill-blank", source, entries)
    with registry("good", blank) as found:
        network = distill.load(hush, device="cpu", registry=found).host.network
    assert not any(each.any() for each in network.parameters())
