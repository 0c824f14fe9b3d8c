"""A run on the screen: a bar that moves on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define
from distill_core.events import EpochMetrics, Event, Saved, Started, StepMetrics, Warned

from .screen import Screen, seconds

PLAIN_EVERY = 30.0  # seconds between two lines of progress where nothing may move


@define
class Opening:
    """Shows which sound is being decoded."""

    screen: Screen
    bar: Any = None

    def __call__(self, number: int, total: int, name: str) -> None:
        """Tell that a file is next (core calls this)."""
        if self.bar is not None:
            self.bar.update(0, completed=number, total=total, description=f"Reading {name}")


@contextmanager
def opening(screen: Screen) -> Iterator[Opening]:
    """Show a bar while sounds are decoded, on a terminal."""
    if not screen.animates:
        yield Opening(screen)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen.console(), transient=True) as bar:
        bar.add_task("Reading", total=None)
        yield Opening(screen, bar)


@define
class Training:
    """Shows the events of a run."""

    screen: Screen
    bar: Any = None
    stage: str = ""
    held_out: float | None = None
    told_at: float = -PLAIN_EVERY

    def __call__(self, event: Event) -> None:
        """Show an event (core calls this)."""
        if isinstance(event, Started):
            self._started(event)
        elif isinstance(event, StepMetrics):
            self._step(event)
        elif isinstance(event, EpochMetrics):
            self._epoch(event)
        elif isinstance(event, Warned):
            self.screen.warn(event.message)
        elif isinstance(event, Saved):
            self.told_at = -PLAIN_EVERY
            loss = (
                "" if event.held_out_loss is None else f", held-out loss {event.held_out_loss:.4f}"
            )
            self.screen.say(
                f"Saved {event.stage} after {event.step} steps"
                f" ({seconds(event.seconds)}{loss}): {event.model}"
            )

    def _started(self, event: Started) -> None:
        held = len(event.held_out)
        self.screen.say(
            f"Training {' and then '.join(event.stages)} on {event.device}:"
            f" {seconds(event.training_seconds)} of sound, {held} file{'s' * (held != 1)} held out."
        )
        for stage, filled in event.automatic.items():
            chosen = ", ".join(f"{name} {value}" for name, value in filled.items())
            if chosen:
                self.screen.say(f"Chosen from the data (auto) for {stage}: {chosen}.")

    def _step(self, event: StepMetrics) -> None:
        if self.bar is None:
            return
        if event.stage != self.stage:
            self.stage, self.held_out = event.stage, None
            self.bar.reset(0, total=event.steps)
        held = "" if self.held_out is None else f", held-out {self.held_out:.3f}"
        left = "" if event.eta is None else f", {seconds(event.eta)} left"
        self.bar.update(
            0, completed=event.step, total=event.steps,
            description=f"{event.stage}: loss {event.loss:.3f}{held}{left}",
        )  # fmt: skip

    def _epoch(self, event: EpochMetrics) -> None:
        self.held_out = event.held_out_loss
        if self.bar is None and event.seconds - self.told_at >= PLAIN_EVERY:
            self.told_at = event.seconds
            held = "" if event.held_out_loss is None else f", held-out {event.held_out_loss:.3f}"
            left = "" if event.eta is None else f", {seconds(event.eta)} left"
            self.screen.say(
                f"{event.stage}: epoch {event.epoch}, loss {event.train_loss:.3f}{held}{left}"
            )


@contextmanager
def training(screen: Screen) -> Iterator[Training]:
    """Show a run; the bar is there only on a terminal."""
    if not screen.animates:
        yield Training(screen)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen.console(), transient=True) as bar:
        bar.add_task("Preparing", total=None)
        yield Training(screen, bar)
