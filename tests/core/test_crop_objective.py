"""An objective that learns from crops: what a backend need not write is right."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from distill_core import CropObjective
from distill_core.audio.dataset import open_dataset

RATE = 8000
SECONDS = (0.02, 0.5, 3.0)  # of the held-out clips


class Level(CropObjective):
    """Tells the shapes it is given; its loss is how loud they are."""

    def compare(self, audio: torch.Tensor, progress: float) -> dict[str, torch.Tensor]:
        self.seen = [*getattr(self, "seen", []), (list(audio.shape), progress)]
        return {"loss": audio.abs().mean()}


def objective(folder: Path, *held_out: str) -> Level:
    """Make one over the sounds of a folder."""
    data = open_dataset([folder], sample_rate=RATE, channels=1, hold_out=held_out)
    run: Any = SimpleNamespace(dataset=data, seed=3, device="cpu")
    return Level(torch.nn.Linear(1, 1), run, lr=0.1, batch=2, seconds=0.5)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Write constant sounds, so that every mean is known: one to learn, three to hold out."""
    for number, seconds in enumerate((1.0, *SECONDS)):
        ones = np.full(round(seconds * RATE), 0.5)
        ones[0] = 0.0  # a constant would be taken for silence with an offset
        ones[1::2] *= -1
        soundfile.write(tmp_path / f"{number}.wav", ones, RATE, subtype="FLOAT")
    return tmp_path


def test_batches_are_crops_of_the_seed_and_the_step(sounds: Path) -> None:
    """So that a run that was stopped goes on with the very same ones."""
    mine = objective(sounds, "1.wav", "2.wav", "3.wav")
    one, again, other = mine.batch(5), mine.batch(5), mine.batch(6)
    assert list(one.audio.shape) == [2, 1, 4000]
    assert torch.equal(one.audio, again.audio)
    assert one.starts != other.starts
    mine.loss(one, 0.25)
    assert mine.seen == [([2, 1, 4000], 0.25)]


def test_held_out_clips_are_judged_in_crops_each_counting_the_same(sounds: Path) -> None:
    """Clips shorter than a crop are padded, as in training; of long ones the beginning counts."""
    mine = objective(sounds, "1.wav", "2.wav", "3.wav")
    loss = mine.held_out_loss()
    crops = [0.02 / 0.5, 1, 1, 1, 1, 1]  # how much of each is sound: 0.02 s, 0.5 s, and 2 s of 3
    assert [shape for shape, _ in mine.seen] == [[2, 1, 4000]] * 3
    assert loss == pytest.approx(0.5 * sum(crops) / len(crops), rel=1e-3)


def test_without_held_out_clips_there_is_no_loss(tmp_path: Path) -> None:
    """A made-up figure would be worse than none."""
    tone = np.sin(np.arange(RATE // 4))
    soundfile.write(tmp_path / "only.wav", tone, RATE)
    assert objective(tmp_path).held_out_loss() is None
