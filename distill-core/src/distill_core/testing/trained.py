"""What the tests of behaviour look at: one training of the type, and the model it made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from attrs import frozen
from torch import nn

from ..configs import structure
from ..errors import DistillError
from ..events import Event
from ..header import read_header
from ..loading import Loaded, load, version_and_config
from ..model import Model
from ..training.job import Trained
from .failing import leave_to
from .generators import seeding
from .sounding import fault
from .trial import DEVICE, Trial
from .witness import Seen


@frozen
class Training:
    """One training: what was told on the way, and what it left on disk and in memory.

    Attributes:
        seeders: what any of its hooks called to seed a global generator.
    """

    done: Trained
    events: tuple[Event, ...]
    seen: Seen
    seeders: frozenset[str]


TRAINING = "test_it_trains"
LOADING = "test_what_was_trained_can_be_loaded"


class TrainedTests:
    """Trains the type once for all tests of a class."""

    model_type: ClassVar[str]
    playing: ClassVar[Mapping[str, Any]]

    @pytest.fixture(scope="class")
    @classmethod
    def first_training(cls, trial: Trial) -> Training | DistillError:
        """Train the type for a few steps, or say why that failed."""
        events: list[Event] = []
        try:
            with seeding() as seeders:
                done = trial.train("trained", on_event=events.append)
        except DistillError as error:
            return error
        return Training(done, tuple(events), trial.seen, frozenset(seeders))

    @pytest.fixture(scope="class")
    @classmethod
    def training(cls, first_training: Training | DistillError) -> Training:
        """Give the training, where there was one."""
        if isinstance(first_training, DistillError):
            leave_to(TRAINING, "it cannot be trained")
        return first_training

    @pytest.fixture(scope="class")
    @classmethod
    def first_loading(cls, trial: Trial, training: Training) -> Model | DistillError:
        """Load what was trained, or say why that failed."""
        try:
            return trial.load(training.done.model)
        except DistillError as error:
            return error

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, first_loading: Model | DistillError) -> Model:
        """Give the loaded model, where there is one."""
        if isinstance(first_loading, DistillError):
            leave_to(LOADING, "what was trained cannot be loaded")
        return first_loading

    @pytest.fixture(scope="class")
    @classmethod
    def sounding(cls, model: Model) -> Model:
        """Give the model, once it is known that it sounds, where it promises to."""
        wrong = fault(model, cls.model_type, cls.playing)
        if wrong is not None:
            leave_to("the tests of what it plays, or codes", wrong.rstrip("."))
        return model

    @pytest.fixture(scope="class")
    @classmethod
    def part(cls, trial: Trial, model: Model) -> Loaded:
        """Give the part of the loaded model that is tried."""
        return trial.part(model)

    @pytest.fixture(scope="class")
    @classmethod
    def config(cls, trial: Trial, training: Training) -> Any:
        """Give the model config in the file, of which nothing is automatic any more."""
        header = read_header(training.done.model)
        _, config = version_and_config(header, cls.model_type if trial.is_companion else None)
        return structure(trial.owner.type.model, config)

    @pytest.fixture(scope="class")
    @classmethod
    def host_network(cls, trial: Trial, training: Training) -> nn.Module | None:
        """Give the network that a companion sits on."""
        if not trial.is_companion:
            return None
        return load(training.done.model, DEVICE, trial.registry, companions=False).host.network
