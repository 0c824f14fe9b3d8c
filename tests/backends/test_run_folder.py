"""A run's folder: what is in it is the user's until it is plainly ours, wherever it lies."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distill_core as distill
import pytest
import torch
from distill_core.errors import ConfigError
from distill_core.library import find
from distill_core.modelfile import read_model_file
from distill_core.training import folder
from distill_core.training.folder import RunFolder

from ..conftest import call

KNOBS: dict[str, Any] = {
    "hidden_size": 32, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "batch": 4, "seed": 1,
    "only": True,
}  # fmt: skip


def train(pack: Path, out: Path, **told: Any) -> Path:
    """Train a codec for a step."""
    return distill.train(pack, out=out, **(KNOBS | {"steps": 1} | told)).model


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train once; read-only for tests."""
    return train(pack, tmp_path_factory.mktemp("trained") / "kit.distill")


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """Give a model with its run, to be spoilt."""
    shutil.copytree(trained.parent, tmp_path / "own")
    return tmp_path / "own" / "kit.distill"


@pytest.mark.parametrize("config", ['{"lr": 0.1}', '{"model": "kit.distill"}', "not ours"])
def test_another_programs_folder_of_that_name_is_left_alone(
    pack: Path, tmp_path: Path, config: str
) -> None:
    """config.json is a common name: a folder that has one is not ours to delete for that."""
    run = tmp_path / "kit.run"
    run.mkdir()
    (run / "config.json").write_text(config)
    (run / "diary.txt").write_text("precious")
    for force in (False, True):
        with pytest.raises(ConfigError):
            train(pack, tmp_path / "kit.distill", force=force)
    assert (run / "diary.txt").read_text() == "precious"
    assert (run / "config.json").read_text() == config
    assert not (tmp_path / "kit.distill").exists()


@pytest.mark.parametrize("state", ["", "{", "[]", '{"status": 7}'])
def test_a_run_whose_state_is_damaged_keeps_its_checkpoints(
    pack: Path, model: Path, state: str
) -> None:
    """Hours of training are in them; a damaged line of text is no reason to delete those."""
    run = RunFolder.beside(model).path
    (run / "state.json").write_text(state)
    before = read_model_file(model).part("vqvae")
    model.unlink()
    with pytest.raises(ConfigError, match="--resume"):
        train(pack, model)
    distill.resume(run)
    after = read_model_file(model).part("vqvae")
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(("inside", "spelled"), [("", "."), ("checkpoints", "..")])
def test_a_run_goes_on_however_its_folder_is_spelled(
    model: Path, monkeypatch: pytest.MonkeyPatch, inside: str, spelled: str
) -> None:
    """The model lies beside the folder, also for someone who stands in it."""
    run = RunFolder.beside(model).path
    monkeypatch.chdir(run / inside)
    before = model.stat().st_mtime_ns
    assert distill.resume(spelled, steps=1).model.samefile(model)
    assert model.stat().st_mtime_ns > before
    assert sorted(each.name for each in run.rglob("*.distill")) == []


@pytest.mark.parametrize("nothing", ["", "/"])
def test_what_is_no_name_of_a_folder_is_no_run(
    model: Path, monkeypatch: pytest.MonkeyPatch, nothing: str
) -> None:
    """A variable of a script that was never set."""
    monkeypatch.chdir(RunFolder.beside(model).path)
    with pytest.raises(ConfigError, match="no run"):
        distill.resume(nothing)


def test_a_run_on_another_disk_stays_there_and_is_replaced_there(
    pack: Path, model: Path, tmp_path: Path
) -> None:
    """Whoever links the folder of checkpoints to a large disk has a reason."""
    run, disk = RunFolder.beside(model).path, tmp_path / "disk"
    disk.mkdir()
    run.rename(disk / "run")
    run.symlink_to(disk / "run")
    for _ in range(2):
        train(pack, model, force=True)
        assert run.is_symlink()
        assert [each.name for each in disk.iterdir()] == ["run"]
    (run / "state.json").unlink()  # as if killed before it had started
    train(pack, model, force=True)
    assert sorted(each.name for each in model.parent.iterdir()) == ["kit.distill", "kit.run"]


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "a model elsewhere": lambda told: told.update(model="../else.distill"),
    "a model of an absolute path": lambda told: told.update(model="/else.distill"),
    "a model of no name": lambda told: told.update(model="a\0b"),
    "no stages": lambda told: told.update(stages={}),
    "settings of no kind": lambda told: told["stages"]["vqvae"]["filled"].update(model="x"),
    "a backend on a host": lambda told: told.update(host="0"),
    "no budget": lambda told: told.update(budget={}),
    "two budgets": lambda told: told.update(budget={"steps": 1, "epochs": 1}),
    "no time": lambda told: told.update(budget={"minutes": -1.0}),
    "no threads": lambda told: told.update(threads=0),
    "too many threads": lambda told: told.update(threads=10**9),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_run_that_was_told_what_no_run_is_told_is_refused(model: Path, what: str) -> None:
    """Someone edited it, or it is a stranger's: no traceback, no endless run, no other place."""
    run = RunFolder.beside(model).path
    config = json.loads((run / "config.json").read_text())
    SPOILT[what](config)
    (run / "config.json").write_text(json.dumps(config))
    model.unlink()
    (run / "state.json").write_text(f'{{"status":"stopped","seconds":{"9" * 400}}}')
    before = sorted(each.name for each in model.parent.parent.rglob("*"))
    with pytest.raises(ConfigError):
        distill.resume(run)
    assert sorted(each.name for each in model.parent.parent.rglob("*")) == before


def test_of_two_that_come_at_once_one_has_the_run(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking whether it is locked, and locking it, are two moments."""
    run = RunFolder.beside(model).path
    first = RunFolder(run)
    first.reopen()
    monkeypatch.setattr("distill_core.training.folder.lockable", lambda _: True)
    with pytest.raises(ConfigError, match="is locked"):
        RunFolder(run).reopen()
    first.close()
    first.reopen()
    first.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
@pytest.mark.parametrize("force", [False, True])
def test_what_no_model_can_replace_is_refused_before_training(
    pack: Path, tmp_path: Path, force: bool
) -> None:
    """After hours it would be too late to say so."""
    pipe = tmp_path / "kit.distill"
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match="no ordinary file"):
        train(pack, pipe, force=force)
    assert list(tmp_path.iterdir()) == [pipe]


def test_the_environments_budget_is_for_new_runs_without_one(
    pack: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped run would not go on exactly, and --steps could not be typed any more."""
    run = RunFolder.beside(model).path
    monkeypatch.setenv("DISTILL_TRAIN_MINUTES", "500")
    ended = call("train", "--resume", run)
    assert (ended.code, "has ended" in ended.err) == (0, True), ended.err
    longer = call("train", "--resume", run, "--steps", 1)
    assert longer.code == 0, longer.err
    assert distill.header(model).training["steps"] == 2
    monkeypatch.setenv("DISTILL_TRAIN_PRIOR_MINUTES", "500")
    told = call("train-prior", model, pack, "--steps", 1, "--hidden-size", 32, "--layers", 1)
    assert told.code == 0, told.err


def test_a_model_of_a_hidden_folder_can_be_found_by_its_name(pack: Path, tmp_path: Path) -> None:
    """The library lists nothing that begins with a dot: such names are being written."""
    hidden = tmp_path / ".drums-of-mine"
    shutil.copytree(pack, hidden)
    model = distill.train(hidden, steps=1, **KNOBS).model
    assert find("drums-of-mine") == model
    with pytest.raises(ConfigError, match="no name for a file"):
        distill.train(pack, name=".drums", steps=1, **KNOBS)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("force", [False, True])
def test_a_disk_that_is_full_at_the_beginning_leaves_all_as_it_was(
    pack: Path, model: Path, monkeypatch: pytest.MonkeyPatch, force: bool, killed: bool
) -> None:
    """Not even a kill at that moment leaves a folder that is in the way."""
    run, real = RunFolder.beside(model).path, folder.write_atomic
    if not force:
        shutil.rmtree(run)
        model.unlink()

    def full(path: Path, content: bytes) -> None:
        if path.name == "config.json":
            raise OSError(28, "No space left on device", str(path))
        real(path, content)

    before = sorted(model.parent.rglob("*"))
    with monkeypatch.context() as patched:
        patched.setattr(folder, "write_atomic", full)
        if killed:
            patched.setattr(RunFolder, "remove", RunFolder.close)
        with pytest.raises(OSError, match="No space"):
            train(pack, model, force=force)
    assert killed or sorted(model.parent.rglob("*")) == before
    train(pack, model, force=force)
    assert sorted(each.name for each in model.parent.iterdir()) == ["kit.distill", "kit.run"]


def test_a_folder_that_only_bears_our_name_for_what_lies_aside_is_left_alone(
    pack: Path, model: Path
) -> None:
    """A user may keep an old run so; only one of ours is put back or let go."""
    aside = model.with_name(".kit.run.old")
    aside.mkdir()
    (aside / "diary.txt").write_text("precious")
    result = call("train", pack, "-o", model, "--force", "--steps", 1)
    assert result.code == 5, result.err
    assert (aside / "diary.txt").read_text() == "precious"
    assert RunFolder.beside(model).status == "done"
