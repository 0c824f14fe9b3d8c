"""A training job: the stages of one command share data, folder, clock and voice."""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from ..audio.dataset import Dataset, open_dataset
from ..configs import Configs, unstructure
from ..errors import Interrupted
from ..events import Done, Event, Started, Warned
from ..loading import build, load
from ..model_type import Facts
from ..registry import Owner, Registry
from ..seeding import mixed
from .folder import RunFolder
from .run import Run
from .schedule import Budget
from .stage import Stage

if TYPE_CHECKING:
    from torch import nn

NOT_STARTED = "Stopped before training started; nothing was written."
FIRST_SHARE = 0.6  # of the minutes go to the first stage when companions follow

Listener = Callable[[Event], object]
Opening = Callable[[int, int, str], object]


@frozen
class Trained:
    """What a finished training gives: the model file, the run's folder, the seconds it took."""

    model: Path
    folder: Path
    seconds: float
    warnings: tuple[str, ...] = ()


@define
class Job:
    """One command's training: its stages share data, folder, clock and voice."""

    registry: Registry
    model: Path
    name: str
    budget: Budget
    paths: list[Path]
    device: str
    threads: int
    seed: int
    hold_out: tuple[str, ...]
    cancel: threading.Event
    on_event: Listener | None
    folder: RunFolder
    replace: bool
    began: float = field(factory=time.monotonic)
    warned: list[str] = field(factory=list)
    left_out: list[str] = field(factory=list)  # plugins that are broken, told once it has started
    id: str = field(factory=lambda: str(uuid.uuid4()))
    announced: bool = False
    host_id: str = ""  # of the model that a companion is trained on
    saved: int = 0  # stages whose model was written
    _dataset: Dataset | None = None

    @property
    def dataset(self) -> Dataset:
        """Give the sounds; they are open before any stage begins."""
        assert self._dataset is not None
        return self._dataset

    @property
    def seconds(self) -> float:
        """Give the seconds since the command began."""
        return round(time.monotonic() - self.began, 3)

    def open(self, sample_rate: int, channels: int, on_open: Opening | None) -> None:
        """Decode the sounds into the cache and hold some out."""
        self._dataset = open_dataset(
            self.paths,
            sample_rate=sample_rate,
            channels=channels,
            hold_out=self.hold_out,
            progress=self._progress(on_open),
        )

    def plan(
        self, owners: Sequence[Owner], configs: Mapping[str, Configs], host: nn.Module | None
    ) -> list[Stage]:
        """Fill what is automatic in every stage's settings, before anything is trained.

        Args:
            owners: of the stages, in their order.
            configs: as the user gave them.
            host: the loaded network for companions; None when the first stage trains it.
        """
        stages = []
        for index, owner in enumerate(owners):
            facts = self._facts(host, self._share(index, len(owners)))
            adapted = owner.call("distill_adapt", configs=configs[owner.name], facts=facts)
            stages.append(Stage(owner, configs[owner.name], adapted))
            if host is None:  # companions need to know of it only what its config says
                host = build(owner, adapted.model, None)
        return stages

    def run(self, stages: Sequence[Stage]) -> Trained:
        """Train stage after stage; each leaves a whole, usable model file."""
        self.model.parent.mkdir(parents=True, exist_ok=True)
        for broken in self.registry.listen():
            self.left_out.append(f"A plugin was left out: {broken.reason}. {broken.cure}")
        self.folder.create(self._told(stages), self.replace)
        losses: dict[str, float | None] = {}
        with closing(self.folder), self._nothing_left_unless_announced():
            for index, stage in enumerate(stages):
                run = self._run(stages, index)
                losses[stage.owner.name] = stage.train(self, run)
                if self.cancel.is_set():
                    raise Interrupted(self._where_it_stopped())
            self.tell(
                Done(
                    stage=run.stage, step=run.outcome.steps, seconds=self.seconds,
                    model=str(self.model), run=str(self.folder.path),
                    held_out_loss=losses, warnings=tuple(self.warned),
                )
            )  # fmt: skip
        return Trained(self.model, self.folder.path, self.seconds, tuple(self.warned))

    @contextmanager
    def _nothing_left_unless_announced(self) -> Iterator[None]:
        """Take the run's folder away again when the job ends before it told `started`."""
        try:
            yield
        except BaseException:
            if not self.announced:
                self.folder.remove()
            raise

    def _where_it_stopped(self) -> str:
        """Say what a stopped command leaves."""
        if self.saved:
            return f"Stopped. What was trained until now is in {self.model}."
        kept = "is as it was" if self.model.exists() else "was not written"
        return f"Stopped before the first step was made: {self.model} {kept}."

    def warn(self, stage: str, step: int, message: str) -> None:
        """Tell a warning once; it is repeated at the end."""
        if message not in self.warned:
            self.warned.append(message)
            self.tell(Warned(stage=stage, step=step, seconds=self.seconds, message=message))

    def tell(self, event: Event) -> None:
        """Give an event to the journal, the caller and the listeners."""
        self.folder.remember(event)
        if self.on_event is not None:
            self.on_event(event)
        try:
            self.registry.everyone().distill_event(event=event)
        except Exception as error:  # a listener's fault must not end a run
            message = f"A listener failed: {type(error).__name__}: {error}"
            if message not in self.warned:
                self.warned.append(message)

    def announce(self, stages: Sequence[Stage]) -> None:
        """Tell `started`, once a command."""
        if not self.announced:
            if self.cancel.is_set():
                raise Interrupted(NOT_STARTED)
            self.announced = True
            self.folder.keep()
            self.tell(
                Started(
                    stage=stages[0].owner.name, step=0, seconds=self.seconds,
                    run=str(self.folder.path), model=str(self.model), device=self.device,
                    stages=tuple(each.owner.name for each in stages),
                    held_out=tuple(self.dataset.held_out_names),
                    training_seconds=round(self.dataset.seconds, 3),
                    automatic={each.owner.name: each.automatic for each in stages},
                )
            )  # fmt: skip
            for message in filter(None, [self.dataset.report.note, *self.left_out]):
                self.warn(stages[0].owner.name, 0, message)

    def _run(self, stages: Sequence[Stage], index: int) -> Run:
        """Make what a stage's backend gets."""
        owner = stages[index].owner
        host = None
        if owner.claim.kind == "companion":  # as it will be when it plays
            loaded = load(self.model, self.device, self.registry, companions=False)
            host, self.host_id = loaded.host.network, loaded.header.id
        return Run(
            stage=owner.name, folder=self.folder.path, dataset=self.dataset, host=host,
            device=self.device, seed=mixed(self.seed, *owner.name.encode()), budget=self.budget,
            deadline=self._deadline(index, len(stages)), began=self.began,
            announce=lambda: self.announce(stages), listener=self.tell, cancel=self.cancel,
            teller=self.warn,
        )  # fmt: skip

    def _share(self, index: int, stages: int) -> float | None:
        """Give the minutes of a stage: the first has its share, the others divide the rest."""
        if self.budget.minutes is None or stages == 1:
            return self.budget.minutes
        part = FIRST_SHARE if index == 0 else (1 - FIRST_SHARE) / (stages - 1)
        return self.budget.minutes * part

    def _deadline(self, index: int, stages: int) -> float | None:
        """Say when a stage should end; what an earlier one took too long is divided."""
        share = self._share(index, stages)
        if self.budget.minutes is None or share is None:
            return None
        if index == 0:
            return self.began + share * 60
        now = time.monotonic()
        return now + (self.began + self.budget.minutes * 60 - now) / (stages - index)

    def _facts(self, host: nn.Module | None, minutes: float | None) -> Facts:
        lengths = [clip.seconds for clip in self.dataset.train]
        return Facts(
            clips=len(lengths), seconds=self.dataset.seconds,
            median_seconds=statistics.median(lengths), minutes=minutes, device=self.device,
            host=host,
        )  # fmt: skip

    def _progress(self, on_open: Opening | None) -> Opening:
        def tell(number: int, total: int, name: str) -> None:
            if self.cancel.is_set():
                raise Interrupted(NOT_STARTED)
            if on_open is not None:
                on_open(number, total, name)

        return tell

    def _told(self, stages: Sequence[Stage]) -> dict[str, Any]:
        """Give what the run was told, for its folder."""
        return {
            "data": [str(path.absolute()) for path in self.paths],
            "model": str(self.model.absolute()), "name": self.name, "id": self.id,
            "seed": self.seed, "device": self.device, "threads": self.threads,
            "hold_out": list(self.hold_out), "fingerprint": self.dataset.fingerprint,
            "minutes": self.budget.minutes, "epochs": self.budget.epochs,
            "steps": self.budget.steps,
            "stages": {
                each.owner.name: {
                    "model": unstructure(each.configs.model),
                    "training": unstructure(each.configs.training),
                }
                for each in stages
            },
        }  # fmt: skip
