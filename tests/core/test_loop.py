"""The training loop: budgets, checkpoints, the best state kept, stopping, resuming."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
import torch
from distill_core.errors import ConfigError, DivergedError
from distill_core.events import EpochMetrics, StepMetrics
from distill_core.training.checkpoint import Checkpoint
from distill_core.training.loop import Loop
from distill_core.training.objective import Objective
from distill_core.training.run import Run
from distill_core.training.schedule import Budget, Pace, learning_rate
from torch import Tensor, nn


class Fits(Objective):
    """Fits a line with noisy gradients; held out is the distance to the line."""

    def __init__(self, lr: float = 0.05) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1))
        self.lr, self.epoch_steps, self.average = lr, 10, 0.9
        self.held: list[float] = []

    def batch(self, step: int) -> Tensor:
        return torch.randn(16, 4, generator=torch.Generator().manual_seed(step))

    def loss(self, batch: Tensor, progress: float) -> dict[str, Tensor]:
        wanted = batch.sum(-1, keepdim=True) + torch.randn(16, 1) * 0.1
        return {"loss": (self.model(batch) - wanted).square().mean()}

    @torch.no_grad()
    def held_out_loss(self) -> float | None:
        batch = self.batch(10_000)
        loss = (self.model(batch) - batch.sum(-1, keepdim=True)).square().mean()
        self.held.append(float(loss))
        return self.held[-1]


def make_run(folder: Path, budget: Budget, **changes: Any) -> tuple[Run, list[Any]]:
    """Make a run without sounds, and the list that its events and warnings go to."""
    events: list[Any] = []
    told: dict[str, Any] = {
        "stage": "toy", "folder": folder, "dataset": SimpleNamespace(fingerprint="f"),
        "host": None, "device": "cpu", "seed": 3, "budget": budget, "deadline": None,
        "began": time.monotonic(), "announce": lambda _: None, "listener": events.append,
        "cancel": threading.Event(), "teller": lambda *told: events.append(told[-1]),
    }  # fmt: skip
    return Run(**(told | changes)), events


def test_a_stopped_and_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path: Path) -> None:
    """Noise, dropout, the moving average, the optimiser and the best state all go on."""
    whole, _ = make_run(tmp_path / "whole", Budget(steps=40))
    straight = Fits()
    whole.fit(straight)

    first = Fits()
    broken, _ = make_run(tmp_path / "broken", Budget(steps=40))
    loop = Loop(first, broken)
    stop_after(first, broken, 17)
    loop.fit()
    resumed = Fits()
    again, _ = make_run(tmp_path / "broken", Budget(steps=40))
    again.fit(resumed)
    for name, value in straight.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
    assert whole.outcome.steps == again.outcome.steps == 40


def stop_after(
    objective: Objective, run: Run, steps: int, then: Callable[[int], None] | None = None
) -> None:
    """Set the run's cancel when that many steps are made; `then` is what happened between steps."""

    def after(step: int) -> None:
        if then is not None:
            then(step)
        if step + 1 == steps:
            run.cancel.set()

    objective.after_step = after  # type: ignore[method-assign]


def test_the_weights_that_are_kept_are_the_best_on_held_out_sounds(tmp_path: Path) -> None:
    """Training longer than is good must not make the model worse."""
    objective = Fits(lr=0.9)
    run, _ = make_run(tmp_path, Budget(steps=60))
    outcome = run.fit(objective)
    assert outcome.held_out_loss == min(objective.held)
    assert objective.held_out_loss() == pytest.approx(min(objective.held[:-1]))


def test_the_first_checkpoint_is_there_before_started_is_told(tmp_path: Path) -> None:
    """From `started` on, a kill must find something to go on from."""
    seen: list[bool] = []
    run, _ = make_run(tmp_path, Budget(steps=1))
    run.announce = lambda _: seen.append((tmp_path / "checkpoints" / "toy.checkpoint").exists())
    run.fit(Fits())
    assert seen[0]


def test_training_leaves_the_global_generator_as_it_was(tmp_path: Path) -> None:
    """A library must not reseed the program that uses it."""
    before = torch.get_rng_state()
    run, _ = make_run(tmp_path, Budget(steps=5))
    run.fit(Fits())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loss_that_is_no_number_ends_the_run_with_the_step_and_the_files(tmp_path: Path) -> None:
    """Training on in NaN would cost hours."""

    class Breaks(Fits):
        def batch(self, step: int) -> Any:
            return SimpleNamespace(names=("bad.wav",), step=step)

        def loss(self, batch: Any, progress: float) -> dict[str, Tensor]:
            value = math.nan if batch.step == 3 else 1.0
            return {"loss": self.model[0].weight.sum() * 0 + value}

    run, _ = make_run(tmp_path, Budget(steps=10))
    with pytest.raises(DivergedError, match=r"step 3 .*bad\.wav"):
        run.fit(Breaks())
    saved = Checkpoint.read(Loop(Fits(), run).path)
    assert torch.isfinite(saved.tensors["model"]["0.weight"]).all()


def test_stopping_finishes_the_step_and_judges_the_epoch_under_way(tmp_path: Path) -> None:
    """What was trained until then is usable, and its held-out loss known."""
    objective = Fits()
    run, events = make_run(tmp_path, Budget(steps=1000))
    stop_after(objective, run, 7)
    outcome = run.fit(objective)
    assert outcome.steps == 7
    assert outcome.held_out_loss is not None
    assert isinstance(events[-1], EpochMetrics)


def test_events_count_epochs_and_tell_the_rate(tmp_path: Path) -> None:
    """Screens draw curves from these alone."""
    run, events = make_run(tmp_path, Budget(epochs=3))
    run.fit(Fits())
    epochs = [each for each in events if isinstance(each, EpochMetrics)]
    assert [each.epoch for each in epochs] == [1, 2, 3]
    assert [each.step for each in epochs] == [10, 20, 30]
    assert all(each.lr > 0 and each.held_out_loss is not None for each in epochs)
    assert any(isinstance(each, StepMetrics) for each in events)


def test_a_figure_that_is_no_number_spoils_no_journal() -> None:
    """A backend's own figures may be NaN, which JSON does not have."""

    @attrs.frozen(kw_only=True)
    class Odd(EpochMetrics):
        ratio: float
        rows: list[dict[str, float]]

    told = Odd(
        stage="toy", step=1, seconds=0.1, epoch=1, train_loss=1.0, held_out_loss=None, lr=0.1,
        eta=None, ratio=math.inf, rows=[{"a": math.nan, "b": 2.0}],
    ).as_json()  # fmt: skip
    assert (told["ratio"], told["rows"]) == (None, [{"a": None, "b": 2.0}])
    json.dumps(told, allow_nan=False)


def test_minutes_become_a_number_of_steps_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule follows that number, and a checkpoint holds it."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    pace = Pace(Budget(minutes=1), 50, deadline=60.0)
    pace.begin(0)
    for step in range(1, 200):
        clock[0] += 0.5
        pace.after(step)
    assert pace.steps is not None
    assert pace.steps == 100  # of about 115, whole epochs


def test_more_than_one_budget_is_refused() -> None:
    """They would contradict each other."""
    with pytest.raises(ConfigError, match="--epochs and --minutes"):
        Budget.of(3, 4, None)
    with pytest.raises(ConfigError, match="more than 0"):
        Budget.of(0, None, None)
    assert Budget.of(None, None, None) == Budget(minutes=10)


def test_the_rate_rises_then_falls() -> None:
    """A peak at the start would throw the first weights away."""
    rates = [learning_rate(1.0, step, 500) for step in range(500)]
    assert rates[0] < 0.05
    assert max(rates) == pytest.approx(1.0, abs=0.05)
    assert rates[-1] < 0.03
    assert learning_rate(1.0, 300, None) == 1.0
