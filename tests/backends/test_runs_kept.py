"""What a run, or going on with one, must never cost: models, other runs, what fits together."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distill_core as distill
import pytest
import torch
from distill_core.errors import BackendError, ConfigError, DivergedError, Interrupted, StorageError
from distill_core.modelfile import read_model_file
from distill_core.training.folder import DONE, STOPPED, RunFolder

from ..conftest import call
from .running import Stops, refused, rewrite, same, stopped, stopped_prior, train

pytestmark = pytest.mark.usefixtures("every_step_is_told")


def test_what_cannot_be_gone_on_with_says_why(finished: Path, pack: Path, tmp_path: Path) -> None:
    """Each of these would otherwise cost a model or end in a traceback."""
    run = RunFolder.beside(finished).path
    refused("no run", tmp_path / "nowhere.run")
    refused("no config.json", pack)
    other = tmp_path / "else" / "kit.distill"
    other.parent.mkdir()
    shutil.copytree(run, RunFolder.beside(other).path)
    train(pack, tmp_path / "another.distill", only=True)
    shutil.copy(tmp_path / "another.distill", other)
    refused("another model", RunFolder.beside(other).path, steps=3)
    config = run / "config.json"
    whole = config.read_text()
    for broken in ("", "[]", "{}", whole[:-9], whole.replace('"seed": 1', '"seed": "x"')):
        config.write_text(broken)
        refused("damaged", run, steps=3)
    config.write_text(whole.replace('"layers": 1', '"layers": 0'))
    refused("layers", run, steps=3)
    config.write_text(whole)
    for checkpoint in (run / "checkpoints").iterdir():
        checkpoint.unlink()
    refused("to go on from", run, steps=3)


def test_a_codec_is_not_changed_under_the_prior_of_another_run(pack: Path, tmp_path: Path) -> None:
    """Its codes would mean something else; the file would play noise."""
    model = train(pack, tmp_path / "kit.distill", only=True)
    call("train-prior", model, pack, "--steps", 2, "--layers", 1, "--hidden-size", 32)
    before = model.read_bytes()
    refused("carries a prior", RunFolder.beside(model).path, steps=3)
    assert model.read_bytes() == before


def test_a_prior_does_not_go_on_with_a_codec_that_changed(pack: Path, tmp_path: Path) -> None:
    """It would learn other codes than it began with."""
    model = stopped_prior(pack, tmp_path / "kit.distill", steps=9)
    run = RunFolder.beside(model, "prior").path
    kept = model.read_bytes()
    bent = read_model_file(model)
    bent.part("vqvae")[next(iter(bent.part("vqvae")))].flatten()[0] += 1
    rewrite(bent, model)
    refused(rf"is not the model any more.*Remove {re.escape(str(run))}", run)  # or it stays so
    model.write_bytes(kept)
    assert distill.resume(run).went_on
    assert read_model_file(model).header.companions["prior"]["training"]["steps"] == 9


def test_an_unfinished_run_is_not_replaced_even_by_force(pack: Path, tmp_path: Path) -> None:
    """Force is for models; hours of an unfinished run are not its to throw away."""
    run = stopped(pack, tmp_path / "kit.distill")
    with pytest.raises(ConfigError, match="--resume"):
        train(pack, tmp_path / "kit.distill", force=True)
    assert RunFolder(run).status == STOPPED
    distill.resume(run)
    assert RunFolder(run).status == DONE
    train(pack, tmp_path / "kit.distill", force=True, steps=1)


def test_a_model_that_came_meanwhile_is_not_written_over(
    pack: Path, finished: Path, whole: Path, tmp_path: Path
) -> None:
    """Another command was told the same -o, or someone copied a model back."""
    model = tmp_path / "kit.distill"

    def copy(event: distill.Event) -> None:
        if event.event == "started":
            shutil.copy(finished, model)

    with pytest.raises(ConfigError, match=r"another model by now.*--resume"):
        train(pack, model, on_event=copy)
    assert model.read_bytes() == finished.read_bytes()
    model.unlink()
    distill.resume(RunFolder.beside(model).path)
    assert same(whole, model)


def test_a_run_folder_of_another_model_is_left_alone(pack: Path, finished: Path) -> None:
    """kit.distill and kit.model would share kit.run."""
    with pytest.raises(ConfigError, match=r"is the run of kit\.distill"):
        train(pack, finished.with_suffix(".model"), force=True)


def test_a_diverged_run_may_be_replaced_and_not_resumed(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same steps would end in the same NaN."""
    model = tmp_path / "kit.distill"
    with monkeypatch.context() as patched:
        patched.setattr("torch.nn.utils.clip_grad_norm_", lambda *_: torch.tensor(torch.nan))
        with pytest.raises(DivergedError):
            train(pack, model)
    refused("diverged", RunFolder.beside(model).path)
    assert train(pack, model, force=True, steps=1) == model


@pytest.mark.parametrize("what", ["checkpoints", "events.jsonl"])
def test_a_disk_that_fills_up_ends_the_run_and_it_goes_on_later(
    pack: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Exit code 5, the command that goes on, and nothing half-written."""
    model = tmp_path / "kit.distill"
    real: Callable[..., Any] = RunFolder.remember

    def full(self: RunFolder, event: distill.Event) -> None:
        if event.event == "step" and event.step == 6:
            raise OSError(28, "No space left on device", str(self.path / what))
        real(self, event)

    monkeypatch.setattr(RunFolder, "remember", full)
    with pytest.raises(StorageError, match=r"No space left.*--resume"):
        train(pack, model)
    monkeypatch.undo()
    assert not model.exists()
    distill.resume(RunFolder.beside(model).path)
    assert same(whole, model)


def test_a_companion_that_was_stopped_early_does_not_cost_a_better_one(
    pack: Path, finished: Path
) -> None:
    """An impatient finger after two steps; the longer run's prior is worth more."""
    told = {"layers": 1, "hidden_size": 32, "encodings": 2, "seed": 1}
    distill.train_companion(finished, pack, "prior", steps=40, **told)
    before = finished.read_bytes()
    stops = Stops("prior", 2)
    warned: list[str] = []

    def hear(event: distill.Event) -> None:
        stops.hear(event)
        warned.extend([event.message] if isinstance(event, distill.Warned) else [])

    with pytest.raises(Interrupted, match="is as it was"):
        distill.train_companion(
            finished, pack, "prior", steps=80, cancel=stops, on_event=hear, **told
        )  # fmt: skip
    assert finished.read_bytes() == before
    assert "stays" in warned[-1]
    distill.resume(finished)
    assert read_model_file(finished).header.companions["prior"]["training"]["steps"] == 80


def test_a_model_stands_for_its_run_that_is_not_finished(pack: Path, tmp_path: Path) -> None:
    """Nobody remembers which of two folders was stopped."""
    model = stopped_prior(pack, tmp_path / "kit [1].distill", steps=4)
    assert distill.resume(model).folder == RunFolder.beside(model, "prior").path
    assert distill.resume(model).folder == RunFolder.beside(model).path


def test_a_missing_backend_is_named(finished: Path) -> None:
    """A run of a half-installed environment."""
    from distill_core.registry import Registry

    registry = Registry.installed(narrow="distill-vqvae")
    run = RunFolder.beside(finished).path
    refused("pip install distill-prior", run, BackendError, registry=registry, steps=1)
