"""`distill train-<companion>`: train a companion into a model file, or replace the one there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from distill_core.registry import environment

from .. import arguments
from ..interrupts import stoppable
from ..options import Knob, KnobCommand, training_knobs
from ..progress import progress
from ..screen import current
from .train import finish


class TrainCompanion(KnobCommand):
    """Knows the knobs of one companion."""

    companion: str

    def applying(self, values: dict[str, Any]) -> tuple[str, list[Knob]] | None:
        """Give the companion's own knobs, without its name in front."""
        record = environment().model_type(self.companion, "companion")
        return self.companion, training_knobs([record])

    def everyones(self) -> list[tuple[str, list[Knob]]]:
        """List the same: there is only one type this command can mean."""
        found = self._applying({})
        return [(f"Settings of {found[0]}", found[1])] if found else []


def make(companion: str) -> click.Command:
    """Make the command of one companion type."""

    @click.command(f"train-{companion}", cls=TrainCompanion)
    @arguments.together(
        arguments.model,
        arguments.data,
        arguments.minutes,
        arguments.epochs,
        arguments.steps,
        arguments.device,
        arguments.threads,
        arguments.seed,
        arguments.hold_out,
        arguments.as_json,
    )
    def command(
        knobs: dict[str, Any], model: str, data: tuple[Path, ...], as_json: bool, **told: Any
    ) -> None:
        from distill_core.training.settings import sort

        screen = current()
        sort([environment().model_type(companion, "companion")], knobs, flags=True)
        from distill_core.training.train import train_companion  # torch, once settings are right

        with stoppable() as cancel, progress(screen, drawn=told["seed"] is None) as show:
            done = train_companion(
                model, list(data), companion, cancel=cancel, on_open=show.read,
                on_event=(lambda event: screen.line(event.as_json())) if as_json else show,
                **arguments.budgeted(told), **knobs,
            )  # fmt: skip
        finish(done, as_json)

    assert isinstance(command, TrainCompanion)
    command.companion = companion
    command.help = (
        f"Train a {companion} on the sounds in DATA, into an existing model file.\n\n"
        "MODEL is a path, a name or an id. What else the file holds stays bit for bit."
    )
    return command
