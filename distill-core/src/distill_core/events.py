"""What happens in a run, as frozen records; screens, pages and listeners only read them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import attrs


@attrs.frozen(kw_only=True)
class Event:
    """One thing that happened.

    Attributes:
        event: which kind of event it is, a word; the same for all of a class.
        stage: the model type that is trained.
        step: how many steps of the stage were made.
        seconds: since the command began to train.
    """

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
    """A command began to train; one a command.

    Attributes:
        run: path of the run's folder.
        model: path of the model file that will be written.
        device: it trains on.
        seed: that everything random follows from.
        stages: the model types that are trained, in their order.
        held_out: names of the clips that are never trained on.
        training_seconds: of sound that is trained on.
        automatic: by stage, the settings that `distill_adapt` filled.
    """

    event: ClassVar[str] = "started"

    run: str
    model: str
    device: str
    seed: int
    stages: tuple[str, ...]
    held_out: tuple[str, ...]
    training_seconds: float
    automatic: dict[str, dict[str, Any]]


@attrs.frozen(kw_only=True)
class StepMetrics(Event):
    """A step was made; told a few times a second at most.

    Attributes:
        loss: of the step's batch.
        lr: learning rate of the step.
        steps: in all; None until the first ones are timed.
        eta: seconds left in this stage; None while nobody knows.
    """

    event: ClassVar[str] = "step"

    loss: float
    lr: float
    steps: int | None
    eta: float | None


@attrs.frozen(kw_only=True)
class EpochMetrics(Event):
    """An epoch ended. Backends subclass it to add what they watch.

    Attributes:
        epoch: its number, from 1.
        train_loss: mean over the epoch's steps.
        held_out_loss: of the weights that would be kept; None without held-out sounds.
        lr: learning rate of the next step.
        eta: seconds left in this stage; None while nobody knows.
    """

    event: ClassVar[str] = "epoch"

    epoch: int
    train_loss: float
    held_out_loss: float | None
    lr: float
    eta: float | None


@attrs.frozen(kw_only=True)
class Warned(Event):
    """Something the user should know.

    Attributes:
        message: a sentence with its cause and its cure.
    """

    event: ClassVar[str] = "warning"

    message: str


@attrs.frozen(kw_only=True)
class Preview(Event):
    """A sound was written into the run's `previews/`.

    Attributes:
        path: of the sound.
    """

    event: ClassVar[str] = "preview"

    path: str


@attrs.frozen(kw_only=True)
class Saved(Event):
    """A stage's model was written; one a stage.

    Attributes:
        model: path of the model file.
        held_out_loss: of the weights in it; None without held-out sounds.
    """

    event: ClassVar[str] = "saved"

    model: str
    held_out_loss: float | None


@attrs.frozen(kw_only=True)
class Done(Event):
    """All stages ended well; one a command.

    Attributes:
        model: path of the model file.
        run: path of the run's folder.
        held_out_loss: by stage.
        warnings: that were told on the way.
    """

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
