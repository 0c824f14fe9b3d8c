"""What the tests of resuming share: small trainings, stopped on the way, and what they left."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import distill_core as distill
import pytest
import torch
from distill_core.errors import ConfigError, Interrupted
from distill_core.modelfile import ModelFile, read_model_file, write_model_file
from distill_core.training.folder import RunFolder

CODEC: dict[str, Any] = {
    "hidden_size": 32, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "batch": 4, "seed": 1,
}  # fmt: skip
PRIOR = {"prior_encodings": 2, "prior_hidden_size": 32, "prior_layers": 1}
STEPS = 12


class Stops(threading.Event):
    """Asks a run to stop after some step of a stage."""

    def __init__(self, stage: str, step: int) -> None:
        super().__init__()
        self.stage, self.step = stage, step

    def hear(self, event: distill.Event) -> None:
        if (event.stage, event.event) == (self.stage, "step") and event.step >= self.step:
            self.set()


def train(data: Path, out: Path, **told: Any) -> Path:
    """Train both stages for a few steps."""
    knobs = CODEC if told.get("only") else CODEC | PRIOR
    return distill.train(data, out=out, **(knobs | {"steps": STEPS} | told)).model


def stopped(data: Path, out: Path, stage: str = "vqvae", step: int = 5, **told: Any) -> Path:
    """Train and stop on the way; give the run's folder."""
    stops = Stops(stage, step)
    with pytest.raises(Interrupted):
        train(data, out, cancel=stops, on_event=stops.hear, **told)
    return RunFolder.beside(out).path


def stopped_prior(data: Path, out: Path, steps: int) -> Path:
    """Train a codec whole and a prior into it, stopped after two steps; give the model."""
    model = train(data, out, only=True)
    stops = Stops("prior", 2)
    with pytest.raises(Interrupted):
        distill.train_companion(
            model, data, "prior", steps=steps, layers=1, hidden_size=32, cancel=stops,
            on_event=stops.hear,
        )  # fmt: skip
    return model


def same(one: Path, other: Path) -> bool:
    """Say whether two model files have the same weights, bit for bit."""
    first, second = read_model_file(one).parts(), read_model_file(other).parts()
    return first.keys() == second.keys() and all(same_part(first[n], second[n]) for n in first)


def same_part(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Say whether two parts are the same, bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def journal(model: Path, event: str) -> list[dict[str, Any]]:
    """Read one kind of event from a run's journal, without what the clock decides."""
    lines = (RunFolder.beside(model).path / "events.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    clock = {"seconds", "eta"}
    return [
        {key: value for key, value in each.items() if key not in clock}
        for each in told
        if each["event"] == event
    ]


def refused(match: str, run: Path, error: type[Exception] = ConfigError, **told: Any) -> None:
    """Hold that a run is not gone on with, and why."""
    with pytest.raises(error, match=match):
        distill.resume(run, **told)


def rewrite(file: ModelFile, path: Path) -> None:
    """Write a model file anew, with a right digest."""
    write_model_file(path, file.header.told, file.parts())
