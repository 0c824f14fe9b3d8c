"""One stage of a training job, as a backend sees it: data, device, budget, and a voice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from ..errors import Interrupted
from ..events import EpochMetrics, Event, StepMetrics
from .schedule import Budget

if TYPE_CHECKING:
    from torch import nn

    from ..audio.dataset import Dataset
    from .objective import Objective

STEP_EVENT_SECONDS = 0.5


@frozen
class Outcome:
    """How a stage's training went.

    Attributes:
        steps: made.
        epochs: begun.
        held_out_loss: of the weights that are kept, None without held-out sounds.
        last: what the last epoch reported.
    """

    steps: int = 0
    epochs: int = 0
    held_out_loss: float | None = None
    last: dict[str, Any] = field(factory=dict)


@define
class Run:
    """What `distill_train` gets.

    Attributes:
        stage: the model type that is trained.
        folder: the run's folder; nothing else may be written.
        dataset: the sounds, decoded.
        host: the network a companion sits on, else None.
        device: to train on.
        seed: of this stage; everything random follows from it.
        budget: how long.
        deadline: when the stage should end, on `time.monotonic`'s clock, if told in minutes.
        began: when the command began to train, on the same clock.
        announce: tells `started` (at a step) once; the loop calls it after the first checkpoint.
        listener: where events go.
        cancel: set when the user wants to stop.
        teller: tells a warning (stage, step, message) once a command.
        extension: how much longer than it was told first the stage trains, from where it stands.
        begun: whether core's loop makes steps by now.
        outcome: how it went, as the model file tells it: what `fit` gave, or in a loop of a
            backend's own the epoch that was told last.
        fitted: whether core's loop was used.
    """

    stage: str
    folder: Path
    dataset: Dataset
    host: nn.Module | None
    device: str
    seed: int
    budget: Budget
    deadline: float | None
    began: float
    announce: Callable[[int], None]
    listener: Callable[[Event], None]
    cancel: threading.Event
    teller: Callable[[str, int, str], None]
    extension: Budget | None = None
    begun: bool = False
    outcome: Outcome = field(factory=Outcome)
    fitted: bool = False
    _told_at: float | None = field(default=None, init=False)  # when a step was told last

    @property
    def stopping(self) -> bool:
        """Say whether to finish this step and return."""
        return self.cancel.is_set()

    def leave_if_stopping(self) -> None:
        """Give up long work before the first step: nothing is worth saving yet.

        Raises:
            Interrupted: the user wants to stop, and no step was made.
        """
        if self.stopping and not self.begun:
            raise Interrupted("Stopped before the first step.")

    @property
    def seconds(self) -> float:
        """Give the seconds since the command began to train."""
        return round(time.monotonic() - self.began, 3)

    def emit(self, event: Event) -> None:
        """Tell an event to screens, listeners and the run's journal."""
        self.announce(0)  # where core's loop goes on it has told already; any other begins anew
        self.listener(event)

    def goes_on(self, step: int, epoch_steps: int = 1) -> bool:
        """Say whether a loop of a backend's own may make another step.

        Args:
            step: how many are made.
            epoch_steps: how many make an epoch, should the budget be told in those.
        """
        if self.stopping or (self.deadline is not None and time.monotonic() >= self.deadline):
            return False
        epochs = self.budget.epochs
        most = self.budget.steps if epochs is None else epochs * epoch_steps
        return most is None or step < most

    def tell_step(
        self,
        step: int,
        loss: float,
        lr: float = 0.0,
        steps: int | None = None,
        eta: float | None = None,
    ) -> None:
        """Tell that a step was made; twice a second at most, so a loop may call it every time.

        Args:
            step: how many are made by now.
            loss: of this one.
            lr: its learning rate, where there is one.
            steps: that there will be in all, where that is known.
            eta: seconds left in this stage, where that is known.
        """
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= STEP_EVENT_SECONDS:
            self._told_at = now
            self.emit(
                StepMetrics(
                    stage=self.stage, step=step, seconds=self.seconds, loss=loss, lr=lr,
                    steps=steps, eta=eta,
                )
            )  # fmt: skip

    def tell_epoch(
        self,
        step: int,
        epoch: int,
        train_loss: float,
        held_out_loss: float | None = None,
        *,
        lr: float = 0.0,
        eta: float | None = None,
        record: type[EpochMetrics] = EpochMetrics,
        **own: Any,
    ) -> None:
        """Tell that an epoch ended; what is told last is what the model file says of its training.

        Args:
            step: how many are made by now.
            epoch: how many ended, this one too.
            train_loss: its mean, on what is trained on.
            held_out_loss: on held-out sounds, where there are any.
            lr: the learning rate, where there is one.
            eta: seconds left in this stage, where that is known.
            record: the event's class; a backend's own adds what it watches.
            **own: the fields that it adds.
        """
        self.outcome = Outcome(step, epoch, held_out_loss, own)
        self.emit(
            record(
                stage=self.stage, step=step, seconds=self.seconds, epoch=epoch,
                train_loss=train_loss, held_out_loss=held_out_loss, lr=lr, eta=eta, **own,
            )
        )  # fmt: skip

    def warn(self, message: str, step: int = 0) -> None:
        """Tell a warning once; it is repeated at the end."""
        self.announce(0)
        self.teller(self.stage, step, message)

    def fit(self, objective: Objective) -> Outcome:
        """Train through core's loop; the objective's model ends with the weights to keep."""
        from .loop import Loop

        self.outcome, self.fitted = Loop(objective, self).fit(), True
        return self.outcome
