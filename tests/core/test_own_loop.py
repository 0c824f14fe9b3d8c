"""What core offers to a backend that trains in a loop of its own."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from distill_core.events import Event, StepMetrics
from distill_core.training.run import Run
from distill_core.training.schedule import Budget


def run(heard: list[Event], budget: Budget, deadline: float | None = None) -> Run:
    """Make what `distill_train` gets, without sounds."""
    nothing: Any = None
    return Run(
        stage="count", folder=Path("nowhere"), dataset=nothing, host=None, device="cpu", seed=1,
        budget=budget, deadline=deadline, began=time.monotonic(), announce=print,
        listener=heard.append, cancel=threading.Event(), teller=print,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "most"), [(Budget(steps=5), 5), (Budget(epochs=3), 12), (Budget(minutes=1.0), 20)]
)
def test_a_loop_goes_on_until_its_budget_is_used(budget: Budget, most: int) -> None:
    """`--steps`, `--epochs` and `--minutes` mean the same whoever wrote the loop."""
    mine = run([], budget, time.monotonic() + 60 if budget.minutes else None)
    step = 0
    while step < 20 and mine.goes_on(step, epoch_steps=4):
        step += 1
    assert step == most


def test_a_loop_ends_at_its_deadline_and_when_it_is_asked_to() -> None:
    """A finger on Ctrl-C waits for one step, not for all."""
    assert not run([], Budget(minutes=1.0), time.monotonic() - 1).goes_on(0)
    mine = run([], Budget(steps=5))
    assert mine.goes_on(0)
    mine.cancel.set()
    assert not mine.goes_on(0)


def test_steps_that_come_fast_are_told_a_few_times_only() -> None:
    """A loop may call it at every step, and the journal stays short."""
    heard: list[Event] = []
    mine = run(heard, Budget(steps=5))
    for step in range(1, 1001):
        mine.tell_step(step, loss=0.5)
    assert isinstance(heard[0], StepMetrics)
    assert heard[0].step == 1  # the first is always told
    assert heard[0].loss == 0.5
    assert len(heard) < 1000
