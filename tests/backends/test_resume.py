"""Going on with a run: exact, and honest about what changed (R4, R5)."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import distill_core as distill
import pytest
from distill_core.audio.packs import write_pack
from distill_core.errors import Interrupted
from distill_core.modelfile import read_model_file
from distill_core.training.folder import RunFolder

from ..conftest import TINY, call
from .running import STEPS, Stops, journal, refused, same, same_part, stopped, train

pytestmark = pytest.mark.usefixtures("every_step_is_told")


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
