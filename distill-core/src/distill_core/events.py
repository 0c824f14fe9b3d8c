"""What happens in a run, as frozen records; screens, pages and listeners only read them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import attrs


@attrs.frozen(kw_only=True)
class Event:
    """One thing that happened: in which stage (a model type), at which step, after how long."""

    event: ClassVar[str]

    stage: str
    step: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Give the JSON-able table that `--json` and `events.jsonl` hold.

        JSON has no NaN and no infinity: such a figure, a backend's own, becomes None.
        """
        return {"event": self.event} | {
            name: _plain(value) for name, value in attrs.asdict(self, recurse=True).items()
        }


@attrs.frozen(kw_only=True)
class Started(Event):
    """A command began to train; one a command."""

    event: ClassVar[str] = "started"

    run: str
    model: str
    device: str
    stages: tuple[str, ...]
    held_out: tuple[str, ...]
    training_seconds: float
    automatic: dict[str, dict[str, Any]]  # by stage


@attrs.frozen(kw_only=True)
class StepMetrics(Event):
    """A step was made; told a few times a second at most."""

    event: ClassVar[str] = "step"

    loss: float
    lr: float
    steps: int | None  # in all; None until the first ones are timed
    eta: float | None  # seconds left in this stage


@attrs.frozen(kw_only=True)
class EpochMetrics(Event):
    """An epoch ended. Backends subclass it to add what they watch."""

    event: ClassVar[str] = "epoch"

    epoch: int
    train_loss: float
    held_out_loss: float | None
    lr: float
    eta: float | None


@attrs.frozen(kw_only=True)
class Warned(Event):
    """Something the user should know, with its cause and its cure."""

    event: ClassVar[str] = "warning"

    message: str


@attrs.frozen(kw_only=True)
class Preview(Event):
    """A sound was written into the run's `previews/`."""

    event: ClassVar[str] = "preview"

    path: str


@attrs.frozen(kw_only=True)
class Saved(Event):
    """A stage's model was written; one a stage."""

    event: ClassVar[str] = "saved"

    model: str
    held_out_loss: float | None


@attrs.frozen(kw_only=True)
class Done(Event):
    """All stages ended well; one a command."""

    event: ClassVar[str] = "done"

    model: str
    run: str
    held_out_loss: dict[str, float | None]
    warnings: tuple[str, ...]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
