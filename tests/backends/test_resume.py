"""Going on with a run: exact, honest about what changed, and never at another's cost (R4, R5)."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distill_core as distill
import pytest
import torch
from distill_core.audio.packs import write_pack
from distill_core.errors import BackendError, ConfigError, DivergedError, Interrupted, StorageError
from distill_core.modelfile import ModelFile, read_model_file
from distill_core.training.folder import DONE, STOPPED, RunFolder

from ..conftest import TINY, call

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


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens hear of a step now and then; here each must be heard."""
    monkeypatch.setattr("distill_core.training.loop.STEP_EVENT_SECONDS", 0.0)


@pytest.fixture(scope="module")
def whole(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train both stages unbroken; read-only for tests."""
    return train(pack, tmp_path_factory.mktemp("whole") / "kit.distill")


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    """Give a finished model with its run, to be gone on with."""
    shutil.copytree(whole.parent, tmp_path / "done")
    return tmp_path / "done" / "kit.distill"


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


@pytest.mark.parametrize(("stage", "step"), [("vqvae", 5), ("prior", 4)])
def test_r4_stopped_and_resumed_equals_unbroken_bit_for_bit(
    pack: Path, whole: Path, tmp_path: Path, stage: str, step: int
) -> None:
    """Half a day of training must not depend on whether the laptop slept in between."""
    model = tmp_path / "kit.distill"
    run = stopped(pack, model, stage, step)
    resumed = distill.resume(run)
    assert resumed.went_on
    assert same(whole, model)
    for kind in ("step", "epoch"):  # metrics too; a stop judges the epoch under way, once more
        assert [each for each in journal(whole, kind) if each not in journal(model, kind)] == []


def test_a_run_stopped_between_its_stages_goes_on_with_the_second(
    pack: Path, whole: Path, tmp_path: Path
) -> None:
    """The first stage is finished and must not be trained again."""
    model = tmp_path / "kit.distill"
    cancel = threading.Event()

    def hear(event: distill.Event) -> None:
        if event.event == "saved":
            cancel.set()

    with pytest.raises(Interrupted):
        train(pack, model, cancel=cancel, on_event=hear)
    assert set(read_model_file(model).header.parts) == {"vqvae"}
    distill.resume(RunFolder.beside(model).path)
    assert same(whole, model)
    assert [each["stage"] for each in journal(model, "saved")].count("vqvae") <= 2


def test_a_killed_run_goes_on_from_its_checkpoint(pack: Path, tmp_path: Path) -> None:
    """`kill -9` lets nothing be saved; the checkpoint was there before."""
    model = tmp_path / "kit.distill"
    command = [
        sys.executable, "-m", "distill_cli", "train", str(pack), "-o", str(model),
        "--steps", "100000", "--seed", "1", "--json", *TINY,
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "step":
                break
        process.send_signal(signal.SIGKILL)
    assert not model.exists()
    refused = call("train", pack, "-o", model, "--force", *TINY)
    assert (refused.code, "--resume" in refused.err) == (2, True)
    result = call("train", "--resume", RunFolder.beside(model).path, "--steps", 3)
    assert result.code == 0, result.err
    assert set(read_model_file(model).header.parts) == {"vqvae", "prior"}


def test_a_finished_run_says_so_and_changes_nothing(finished: Path) -> None:
    """Typing the command once more must cost nothing."""
    before = finished.read_bytes()
    result = call("train", "--resume", RunFolder.beside(finished).path)
    assert (result.code, finished.read_bytes()) == (0, before)
    assert "has ended" in result.err
    told = call("train", "--resume", RunFolder.beside(finished).path, "--json")
    assert [json.loads(line)["event"] for line in told.out.splitlines()] == ["done"]


@pytest.mark.parametrize(("inside", "typed"), [(".", "."), ("checkpoints", "..")])
def test_a_run_can_be_named_from_within_its_folder(
    finished: Path, monkeypatch: pytest.MonkeyPatch, inside: str, typed: str
) -> None:
    """Neither a traceback nor a second model, in the wrong place: the model lies beside the run."""
    before = sorted(finished.parent.rglob("*"))
    monkeypatch.chdir(RunFolder.beside(finished).path / inside)
    result = call("train", "--resume", typed)
    assert (result.code, result.out) == (0, f"{finished.resolve()}\n"), result.err
    assert "has ended" in result.err
    assert sorted(finished.parent.rglob("*")) == before


@pytest.mark.parametrize(("typed", "told"), [("", "--resume: it is empty."), ("/", "no run")])
def test_what_has_no_name_is_no_run(typed: str, told: str) -> None:
    """An unset variable of the shell is told in one line, as for every other path."""
    result = call("train", "--resume", typed)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert result.err.count("\n") == 1


def test_a_budget_makes_the_last_stage_longer_from_its_last_state(
    finished: Path, whole: Path
) -> None:
    """Going on costs less than training anew; the codec under the prior stays as it is."""
    result = call("train", "--resume", RunFolder.beside(finished).path, "--steps", 7, "--json")
    assert result.code == 0, result.err
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [each["event"] for each in events].count("started") == 1
    assert events[0]["step"] == STEPS
    steps = [each for each in events if each["event"] == "step"]
    assert steps[-1]["step"] == STEPS + 7
    assert steps[0]["lr"] < steps[3]["lr"]  # a new schedule warms up
    before, after = read_model_file(whole), read_model_file(finished)
    assert after.header.id == before.header.id
    assert same_part(before.part("vqvae"), after.part("vqvae"))
    assert not same_part(before.part("prior"), after.part("prior"))
    assert after.header.companions["prior"]["training"]["steps"] == STEPS + 7


def test_an_extension_that_was_stopped_goes_on_exactly(finished: Path, tmp_path: Path) -> None:
    """The new schedule is in the checkpoint, not in the command."""
    other = tmp_path / "other"
    shutil.copytree(finished.parent, other)
    distill.resume(RunFolder.beside(finished).path, steps=9)
    stops = Stops("prior", STEPS + 4)
    run = RunFolder.beside(other / finished.name).path
    with pytest.raises(Interrupted):
        distill.resume(run, steps=9, cancel=stops, on_event=stops.hear)
    distill.resume(run)
    assert same(finished, other / finished.name)


def test_an_extension_that_was_stopped_at_its_beginning_keeps_its_minutes(
    pack: Path, tmp_path: Path
) -> None:
    """Whoever asked for a minute more of a run of hours does not get those hours again."""
    run = stopped(pack, tmp_path / "kit.distill", step=2, only=True, steps=None, minutes=600)
    stops = Stops("vqvae", 3)
    with pytest.raises(Interrupted):
        distill.resume(run, minutes=0.02, cancel=stops, on_event=stops.hear)
    cancel = threading.Event()
    timer = threading.Timer(60, cancel.set)
    timer.start()
    distill.resume(run, cancel=cancel)
    timer.cancel()


def test_a_model_that_was_deleted_is_made_again_without_a_step(finished: Path, whole: Path) -> None:
    """The checkpoints hold it."""
    finished.unlink()
    distill.resume(RunFolder.beside(finished).path)
    assert same(whole, finished)


def test_what_is_made_again_is_not_made_longer(finished: Path, whole: Path) -> None:
    """The prior learnt the codes of the codec as it was; another one's would be noise to it."""
    finished.unlink()
    distill.resume(RunFolder.beside(finished).path, steps=7)
    before, after = read_model_file(whole), read_model_file(finished)
    assert same_part(before.part("vqvae"), after.part("vqvae"))
    assert after.header.companions["prior"]["training"]["steps"] == STEPS + 7


def test_what_cannot_be_made_again_is_not_trained_anew_in_silence(finished: Path) -> None:
    """Another codec under the prior that is kept would be noise to it."""
    finished.unlink()
    run = RunFolder.beside(finished).path
    (run / "checkpoints" / "vqvae.checkpoint").unlink()
    refused("to go on from", run)
    refused("to go on from", run, steps=3)
    assert not finished.exists()


@pytest.mark.parametrize("damaged", [False, True])
def test_r2_a_run_that_was_to_replace_a_model_goes_on_after_a_kill(
    pack: Path, finished: Path, whole: Path, damaged: bool
) -> None:
    """Until its first stage is saved the old file lies there, which is no reason to lose it."""
    if damaged:
        finished.write_bytes(b"cut")
    before = finished.read_bytes()

    def die(event: distill.Event) -> None:
        if event.event == "step" and event.step == 5:
            raise SystemError  # as near as a test comes to kill -9

    with pytest.raises(SystemError):
        train(pack, finished, force=True, on_event=die)
    assert finished.read_bytes() == before
    distill.resume(RunFolder.beside(finished).path)
    assert same(whole, finished)


def test_r5_sounds_that_changed_are_noticed_and_named(tmp_path: Path) -> None:
    """Going on with other sounds would mix what is held out with what is trained on."""
    sounds = tmp_path / "sounds"
    write_pack(sounds, seed=3, count=14)
    run = stopped(sounds, tmp_path / "kit.distill")
    names = sorted(path.name for path in sounds.glob("*.wav"))
    (sounds / names[0]).unlink()
    (sounds / names[1]).write_bytes((sounds / names[2]).read_bytes())
    more = write_pack(tmp_path / "more", seed=4, count=7)
    more[0].rename(sounds / "new.wav")
    result = call("train", "--resume", run)
    assert result.code == 2
    for told in (f"1 gone ({names[0]})", f"1 changed ({names[1]})", "1 new (new.wav)"):
        assert told in result.err


def refused(match: str, run: Path, error: type[Exception] = ConfigError, **told: Any) -> None:
    """Hold that a run is not gone on with, and why."""
    with pytest.raises(error, match=match):
        distill.resume(run, **told)


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
    model = train(pack, tmp_path / "kit.distill", only=True)
    stops = Stops("prior", 2)
    with pytest.raises(Interrupted):
        distill.train_companion(
            model, pack, "prior", steps=9, layers=1, hidden_size=32, cancel=stops,
            on_event=stops.hear,
        )  # fmt: skip
    run = RunFolder.beside(model, "prior").path
    kept = model.read_bytes()
    bent = read_model_file(model)
    bent.part("vqvae")[next(iter(bent.part("vqvae")))].flatten()[0] += 1
    rewrite(bent, model)
    refused(rf"is not the model any more.*Remove {re.escape(str(run))}", run)  # or it stays so
    model.write_bytes(kept)
    assert distill.resume(run).went_on
    assert read_model_file(model).header.companions["prior"]["training"]["steps"] == 9


def rewrite(file: ModelFile, path: Path) -> None:
    """Write a model file anew, with a right digest."""
    from distill_core.modelfile import write_model_file

    write_model_file(path, file.header.told, file.parts())


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
    model = train(pack, tmp_path / "kit [1].distill", only=True)
    stops = Stops("prior", 2)
    with pytest.raises(Interrupted):
        distill.train_companion(
            model, pack, "prior", steps=4, layers=1, hidden_size=32, cancel=stops,
            on_event=stops.hear,
        )  # fmt: skip
    assert distill.resume(model).folder == RunFolder.beside(model, "prior").path
    assert distill.resume(model).folder == RunFolder.beside(model).path


def test_a_missing_backend_is_named(finished: Path) -> None:
    """A run of a half-installed environment."""
    from distill_core.registry import Registry

    registry = Registry.installed(narrow="distill-vqvae")
    run = RunFolder.beside(finished).path
    refused("pip install distill-prior", run, BackendError, registry=registry, steps=1)
