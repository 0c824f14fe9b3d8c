"""A backend that trains in a loop of its own: stopped, resumed, and told as core's loop is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import distill_core as distill
import pytest
import torch
from distill_core.errors import Interrupted
from distill_core.modelfile import read_model_file
from distill_core.registry import Registry

from . import bring, registry

SOURCE = """
import attrs, torch
import distill_hush_fixture as hush
from distill_core import hookimpl

@hookimpl
def distill_model_types():
    return [attrs.evolve(hush.distill_model_types()[0], name="own")]

distill_adapt, distill_build = hush.distill_adapt, hush.distill_build
distill_generate = hush.distill_generate

@hookimpl
def distill_train(model, config, run):
    step = 0
    while run.goes_on(step):
        with torch.no_grad():
            model.levels += torch.rand_like(model.levels)  # of the generator that core seeded
        step += 1
        if config.training.nickname == "mute":
            run.cancel.set()
        else:
            run.tell_step(step, 1 / step)
    if config.training.nickname != "mute":
        run.tell_epoch(step, 1, train_loss=0.5, held_out_loss=0.25)
    return {"steps": step}
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Registry]:
    """Install the backend."""
    entries = "[distill.backends]\nown = distill_own\n"
    with registry("good", bring(tmp_path / "plugin", "distill-own", SOURCE, entries)) as found:
        yield found


def levels(model: Path) -> torch.Tensor:
    """Read what was learnt."""
    return read_model_file(model).part("own")["levels"]


def test_its_file_tells_how_it_went(own: Registry, pack: Path, tmp_path: Path) -> None:
    """What such a loop says of itself stands where core's loop would have said it."""
    run = distill.train(pack, "own", out=tmp_path / "own.distill", steps=3, seed=1, registry=own)
    told = distill.header(str(run.model)).training
    assert (told["steps"], told["epochs_trained"], told["held_out_loss"]) == (3, 1, 0.25)


def test_its_draws_follow_from_the_seed_also_when_it_is_resumed(
    own: Registry, pack: Path, tmp_path: Path
) -> None:
    """It begins anew then; as everything follows from the seed, that ends in the same bits."""
    torch.manual_seed(0)
    whole = distill.train(pack, "own", out=tmp_path / "a.distill", steps=3, seed=1, registry=own)
    cancel, stopped = threading.Event(), tmp_path / "b.distill"
    with pytest.raises(Interrupted):
        distill.train(
            pack, "own", out=stopped, steps=3, seed=1, registry=own, cancel=cancel,
            on_event=lambda event: cancel.set() if event.event == "step" else None,
        )  # fmt: skip
    assert not torch.equal(levels(stopped), levels(whole.model))
    distill.resume(stopped, registry=own)
    assert torch.equal(levels(stopped), levels(whole.model))
    other = distill.train(pack, "own", out=tmp_path / "c.distill", steps=3, seed=2, registry=own)
    assert not torch.equal(levels(other.model), levels(whole.model))


def test_a_silent_one_that_is_stopped_costs_no_earlier_model(
    own: Registry, pack: Path, tmp_path: Path
) -> None:
    """It told no step, so the user hears that nothing was written; then nothing must be."""
    path = tmp_path / "own.distill"
    with pytest.raises(Interrupted, match="nothing was written"):
        distill.train(pack, "own", out=path, steps=3, seed=1, registry=own, nickname="mute")
    assert not path.exists()
    distill.train(pack, "own", out=path, steps=3, seed=1, registry=own)
    before = path.read_bytes()
    with pytest.raises(Interrupted, match="nothing was written"):
        distill.train(
            pack, "own", out=path, steps=3, seed=1, registry=own, nickname="mute", force=True
        )
    assert path.read_bytes() == before
