"""A run's folder: what is in it is the user's until it is plainly ours, wherever it lies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import distill_core as distill
import pytest
import torch
from distill_core.errors import ConfigError
from distill_core.modelfile import read_model_file
from distill_core.training.folder import RunFolder

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
