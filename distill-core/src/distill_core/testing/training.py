"""Conformance: how a network is trained, stopped and gone on with."""

from __future__ import annotations

import math
import shutil
import threading
from pathlib import Path

import attrs
import pytest
import torch
from attrs import frozen

from ..errors import DistillError, Interrupted
from ..events import EpochMetrics, Event, StepMetrics
from ..loading import version_and_config
from ..model import Model
from ..modelfile import read_model_file
from ..training.average import snapshot
from .failing import excepting, fail_by, hold, leave_to
from .sounding import fault
from .trained import TrainedTests, Training
from .trial import SEED, Trial
from .witness import Seen

ALONE = "Let each training begin from what it is given, and keep nothing from one to the next."


class FirstStep(threading.Event):
    """Asks a training to stop at the first step that is told, and hears how far it goes on."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self.step: int | None = None
        self.reached = 0

    def hear(self, event: Event) -> None:
        """Stop at the first step."""
        if isinstance(event, StepMetrics | EpochMetrics):
            self.reached = max(self.reached, event.step)
            if self.step is None:
                self.step = event.step
                self.set()


@frozen
class Stopped:
    """A training that was asked to stop at its first step.

    Attributes:
        model: the model file as it was then; `run` is gone on with elsewhere.
        run: the model file whose run can go on.
        ended: whether it ended as if nobody had asked.
    """

    model: Path
    run: Path
    stop: FirstStep
    seen: Seen
    ended: bool


class TrainingTests(TrainedTests):
    """`distill_train` learns, tells how, looks whether to stop, and can be gone on with."""

    @pytest.fixture(scope="class")
    @classmethod
    def stopped(cls, trial: Trial, training: Training) -> Stopped:  # noqa: ARG003 - it skips
        """Train as for `training`, and stop in the first step."""
        stop, path, ended = FirstStep(), trial.path("stopped"), True
        try:
            trial.train("stopped", cancel=stop, on_event=stop.hear)
        except Interrupted:
            ended = False
        kept = trial.folder / "as-stopped.distill"
        shutil.copyfile(path, kept)
        return Stopped(kept, path, stop, trial.seen, ended)

    def test_it_trains(self, first_training: Training | DistillError) -> None:
        """All else begins there."""
        if isinstance(first_training, DistillError):
            fail_by(
                first_training,
                "Trained for a few steps on synthesised sounds, it failed",
                "Mend what the lines above show of its own code, or give `small` settings that"
                " short sounds bear.",
            )

    def test_losses_are_told_and_finite(self, training: Training) -> None:
        """Screens, pages and the user's patience live on what is told."""
        told = [each for each in training.events if isinstance(each, StepMetrics | EpochMetrics)]
        hold(
            told,
            "No step and no epoch was told. Train through run.fit(...), or call"
            " run.tell_step(step, loss) in a loop of your own.",
        )
        losses = [each.loss if isinstance(each, StepMetrics) else each.train_loss for each in told]
        losses += [
            each.held_out_loss
            for each in told
            if isinstance(each, EpochMetrics) and each.held_out_loss is not None
        ]
        hold(
            all(map(math.isfinite, losses)),
            f"A loss of the first steps is not finite: {losses[:5]}. Look for a division by zero or"
            " the logarithm of silence: the sounds that are trained on have silent stretches.",
        )

    def test_training_changes_a_weight(self, training: Training) -> None:
        """What two steps leave as it was will not be learnt in ten minutes either."""
        now = snapshot(training.seen.network)
        same = all(torch.equal(value, now[name]) for name, value in training.seen.untrained.items())
        hold(
            not same,
            "Training changed nothing in the network's state_dict. Let the loss depend on its"
            " parameters, or keep what is counted in registered buffers.",
        )

    def test_the_same_seed_trains_the_same_weights(self, trial: Trial, training: Training) -> None:
        """Whoever tells a seed may expect the same model."""
        with excepting("Trained a second time, it failed", ALONE):
            again = trial.train("again")
        odd = differing(training.done.model, again.model, self.model_type)
        hold(
            not odd,
            f"Trained twice with one seed, {odd} differs. Draw from torch's global generator only,"
            " within the steps, and make batches a pure function of the seed and the step.",
        )

    def test_training_seeds_nothing(self, trial: Trial, training: Training) -> None:
        """A backend that seeds makes all its trainings the same, whatever seed was told."""
        with excepting("Trained with another seed, it failed", ALONE):
            trial.train("other", seed=SEED + 1)
        same = torch.equal(training.seen.generator, trial.seen.generator)
        seeders = sorted(training.seeders) or ["something"] * same
        hold(
            not seeders,
            f"Where it is adapted, built or trained, it seeds a global generator"
            f" ({', '.join(seeders)}). Take that out: core seeds before it asks, and again before"
            " each step.",
        )

    def test_a_companion_leaves_its_host_alone(self, trial: Trial, training: Training) -> None:
        """The file keeps the host as it was: what learnt on another one would be lost on it."""
        if not trial.is_companion:
            pytest.skip("It has no host.")
        names, changed = training.seen.host
        hold(
            not changed,
            f"Training changes its host: {', '.join(sorted(changed)[:3])}. Only read run.host.",
        )
        own = read_model_file(training.done.model).part(self.model_type)
        kept = sorted(name for name in names if any(each.endswith(f".{name}") for each in own))
        hold(
            not names or len(kept) < len(names),
            f"It keeps its host's weights as its own: {', '.join(kept[:3])}. Hand the host to"
            " methods, or keep it in a list: a submodule's weights are its own.",
        )

    def test_training_writes_only_into_its_folder(
        self,
        trial: Trial,
        training: Training,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """What lies elsewhere is the user's, and nobody would clear it away."""
        (cwd := tmp_path / "cwd").mkdir()
        (models := tmp_path / "models").mkdir()
        monkeypatch.chdir(cwd)
        if trial.is_companion:
            shutil.copyfile(trial.path("host"), models / "host.distill")
        there = attrs.evolve(trial, sounds=trial.sounds.absolute(), folder=models)
        with excepting("Trained in another folder, for one step, it failed", ALONE):
            model = there.train("tidy", steps=1).model
        hold(Path.cwd() == cwd, "Training changes the working folder, which is the user's.")
        strange = {*cwd.iterdir(), *models.iterdir()} - {
            model,
            there.run(model),
            there.path("host"),
        }
        hold(
            not strange,
            f"Training writes {', '.join(sorted(each.name for each in strange))} outside its run's"
            " folder. Write into run.folder.",
        )

    def test_it_stops_when_asked(self, stopped: Stopped) -> None:
        """Ctrl-C has to work in seconds."""
        stop = stopped.stop
        hold(
            stop.step is not None,
            "No step was told, so that nobody can see it train. Train through run.fit(...), or call"
            " run.tell_step(step, loss) in a loop of your own.",
        )
        hold(
            stop.step is None or stop.reached <= stop.step,
            f"It was asked to stop at step {stop.step} and went on to step {stop.reached}. Look at"
            " run.stopping between steps, and return when it is true (run.fit does).",
        )
        hold(
            stopped.seen.looks,
            "It never looks at run.stopping. Look between steps, and return when it is true"
            " (run.fit does).",
        )

    def test_stopping_in_the_first_step_leaves_a_usable_model(
        self, trial: Trial, sounding: Model, stopped: Stopped
    ) -> None:
        """What was reached is kept, however little it was."""
        try:
            told = fault(trial.load(stopped.model), self.model_type, self.playing)
        except DistillError as error:
            told = str(error)
        hold(
            told is None,
            f"A model whose training was stopped in its first step cannot be used: {told} Make all"
            " that playing needs also when run.stopping is true.",
        )

    def test_going_on_equals_an_unbroken_run(
        self, trial: Trial, training: Training, stopped: Stopped
    ) -> None:
        """Bit for bit: a run that was stopped or killed is as good as one that was not."""
        if stopped.ended:
            leave_to("test_it_stops_when_asked", "it did not stop when asked")
        cure = "Let Objective.load_state take back whatever state() gave, also of a first step."
        with excepting("Stopped in its first step, it cannot go on", cure):
            trial.resume(stopped.run)
        odd = differing(training.done.model, stopped.run, self.model_type)
        hold(
            not odd,
            f"Stopped in its first step and gone on with, {odd} differs from an unbroken run. Keep"
            " all that the next step depends on in the network's state_dict or in"
            " Objective.state(), and draw from torch's global generator only.",
        )


def differing(one: Path, other: Path, model_type: str) -> str:
    """Name what differs between a type's part of two files: a tensor, its extras, or nothing."""
    first, second = read_model_file(one), read_model_file(other)
    mine, theirs = first.part(model_type), second.part(model_type)
    for name in sorted(mine.keys() | theirs.keys()):
        if name not in mine or name not in theirs or not _equal(mine[name], theirs[name]):
            return name
    headers = first.header, second.header
    whose = model_type if model_type in first.header.companions else None
    configs = [version_and_config(header, whose)[1] for header in headers]
    if configs[0] != configs[1]:
        return "what distill_adapt fills in"
    extras = [header.extras.get(model_type) for header in headers]
    return "" if extras[0] == extras[1] else "what distill_train returns"


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)
