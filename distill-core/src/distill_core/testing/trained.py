"""What the tests of behaviour look at: one training of the type, and the model it made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from attrs import frozen
from torch import nn

from ..events import Event
from ..loading import Loaded
from ..model import Model
from ..training.job import Trained
from .trial import Trial
from .witness import Seen


@frozen
class Training:
    """One training: what was told on the way, and what it left on disk and in memory."""

    done: Trained
    events: tuple[Event, ...]
    seen: Seen


class TrainedTests:
    """Trains the type once for all tests of a class."""

    model_type: ClassVar[str]
    playing: ClassVar[Mapping[str, Any]]

    @pytest.fixture(scope="class")
    @classmethod
    def training(cls, trial: Trial) -> Training:
        """Train the type for a few steps."""
        events: list[Event] = []
        done = trial.train("trained", on_event=events.append)
        return Training(done, tuple(events), trial.seen)

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, trial: Trial, training: Training) -> Model:
        """Load what was trained."""
        return trial.load(training.done.model)

    @pytest.fixture(scope="class")
    @classmethod
    def part(cls, trial: Trial, model: Model) -> Loaded:
        """Give the part of the loaded model that is tried."""
        return trial.part(model)

    @pytest.fixture(scope="class")
    @classmethod
    def host_network(cls, trial: Trial, model: Model) -> nn.Module | None:
        """Give the network that a companion sits on."""
        return model.host.network if trial.is_companion else None
