"""A backend that reads an older layout of its own weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import distill_core as distill
import numpy as np
import pytest
import torch
from distill_core.errors import ModelFileError
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.registry import Registry

from . import bring, registry

SOURCE = """
import attrs
import distill_hush_fixture as hush
from distill_core import hookimpl

@hookimpl
def distill_model_types():
    return [attrs.evolve(hush.distill_model_types()[0], name="aged", versions=(1, 2))]

distill_adapt, distill_build = hush.distill_adapt, hush.distill_build
distill_train, distill_generate = hush.distill_train, hush.distill_generate

@hookimpl
def distill_load(file, device, host):
    tensors = dict(file.tensors)
    if file.version == 1:
        tensors["levels"] = tensors.pop("loudness")
    return file.filled(host, tensors).to(device).eval()
"""


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[Registry]:
    """Install the backend."""
    entries = "[distill.backends]\naged = distill_aged\n"
    with registry("good", bring(tmp_path / "plugin", "distill-aged", SOURCE, entries)) as found:
        yield found


@pytest.fixture
def model(aged: Registry, pack: Path, tmp_path: Path) -> Path:
    """Train one of the layout of today."""
    return distill.train(pack, "aged", out=tmp_path / "now.distill", steps=1, registry=aged).model


def older(model: Path, path: Path, weights: dict[str, torch.Tensor]) -> Path:
    """Write a file as version 1 wrote it."""
    file = read_model_file(model)
    write_model_file(path, file.header.told | {"version": "1"}, {"aged": weights})
    return path


def test_an_older_file_plays_as_it_did(aged: Registry, model: Path, tmp_path: Path) -> None:
    """An upgrade must not cost anyone a model."""
    levels = read_model_file(model).part("aged")["levels"]
    old = older(model, tmp_path / "old.distill", {"loudness": levels})
    one, other = (
        distill.load(each, registry=aged).generate(duration=0.1, seed=1).audio.samples
        for each in (model, old)
    )
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "weights",
    [{"loudness": torch.zeros(7)}, {"loudness": torch.zeros(1, 2), "more": torch.ones(1)}],
)
def test_weights_that_are_not_its_are_refused_all_the_same(
    aged: Registry, model: Path, tmp_path: Path, weights: dict[str, torch.Tensor]
) -> None:
    """What fills a network is held against it first, whoever renamed what."""
    old = older(model, tmp_path / "old.distill", weights)
    with pytest.raises(ModelFileError, match="do not fit its config"):
        distill.load(old, registry=aged)


def test_a_model_says_what_it_is_in_a_line(aged: Registry, model: Path) -> None:
    """Whoever prints one must not get its weights on the screen."""
    assert repr(distill.load(model, registry=aged)) == f"<Model now: aged, {model}>"
