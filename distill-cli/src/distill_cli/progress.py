"""Work on the screen: a bar that moves on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define
from distill_core.errors import unbroken
from distill_core.events import EpochMetrics, Event, Saved, Started, StepMetrics, Warned

from .screen import Screen, counted, seconds

PLAIN_EVERY = 30.0  # seconds between two lines of progress where nothing may move


@define
class Progress:
    """Shows sounds being read and the events of a run.

    Attributes:
        screen: where to.
        bar: rich's progress with one task, or None where nothing may move.
        stage: whose steps the bar counts now.
        held_out: the stage's last held-out loss.
        drawn: whether a seed is told, which the user did not give.
        told_at: when the last line was written, in seconds of the run.
    """

    screen: Screen
    bar: Any = None
    drawn: bool = False
    stage: str = ""
    held_out: float | None = None
    told_at: float = -PLAIN_EVERY

    def read(self, number: int, total: int, name: str) -> None:
        """Show that a sound is decoded (core calls this)."""
        self._move(number, total, f"Reading {name}" if number < total else "Preparing")

    def work(self, number: int, total: int, words: str) -> None:
        """Show how far something else is (core calls this)."""
        self._move(number, total, words)

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
            self._saved(event)

    def _started(self, event: Started) -> None:
        held = len(event.held_out)
        doing = (
            f"Going on with {event.stage} after step {event.step}"
            if event.step
            else (f"Training {' and then '.join(event.stages)}")
        )
        self.screen.say(
            f"{doing} on {event.device}:"
            f" {seconds(event.training_seconds)} of sound,"
            f" {counted(held, 'file')} held out."
        )
        if self.drawn:
            self.screen.say(f"Seed: {event.seed} (drawn)")
        for stage, filled in event.automatic.items():
            chosen = ", ".join(f"{name} {value}" for name, value in filled.items())
            if chosen:
                self.screen.say(f"Chosen from the data (auto) for {stage}: {chosen}.")

    def _step(self, event: StepMetrics) -> None:
        if event.stage != self.stage:
            self.stage, self.held_out = event.stage, None
        told = f"{event.stage}: loss {event.loss:.3f}{self._held_out()}{_left(event.eta)}"
        self._move(event.step, event.steps, told)

    def _epoch(self, event: EpochMetrics) -> None:
        self.held_out = event.held_out_loss
        if self.bar is None and event.seconds - self.told_at >= PLAIN_EVERY:
            self.told_at = event.seconds
            loss = f"loss {event.train_loss:.3f}{self._held_out()}{_left(event.eta)}"
            self.screen.say(f"{event.stage}: epoch {event.epoch}, {loss}")

    def _saved(self, event: Saved) -> None:
        self.told_at = -PLAIN_EVERY
        loss = "" if event.held_out_loss is None else f", held-out loss {event.held_out_loss:.4f}"
        self.screen.say(
            f"Saved {event.stage} after {counted(event.step, 'step')}"
            f" ({seconds(event.seconds)}{loss}): {event.model}"
        )

    def _held_out(self) -> str:
        return "" if self.held_out is None else f", held-out {self.held_out:.3f}"

    def _move(self, done: int, total: int | None, text: str) -> None:
        if self.bar is not None:
            self.bar.update(0, completed=done, total=total, description=unbroken(text))


@contextmanager
def progress(screen: Screen, *, drawn: bool = False) -> Iterator[Progress]:
    """Show some work; the bar is there only on a terminal, and gone afterwards."""
    if not screen.animates:
        yield Progress(screen, drawn=drawn)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    screen.live = screen.console()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    try:
        with Bar(*columns, console=screen.live, transient=True) as bar:
            bar.add_task("Preparing", total=None)
            yield Progress(screen, bar, drawn)
    finally:
        screen.live = None


def _left(eta: float | None) -> str:
    return "" if eta is None else f", {seconds(eta)} left"
