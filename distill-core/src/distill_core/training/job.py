"""A training job: the stages of one command share data, folder, clock and voice."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from ..audio.dataset import Dataset, open_dataset
from ..configs import Configs
from ..errors import ConfigError, DivergedError, Interrupted, StorageError
from ..events import Done, Started
from ..header import read_header
from ..loading import load
from ..owner import Owner
from ..registry import Registry
from ..seeding import mixed
from .failure import told_with_traceback
from .folder import DIVERGED, DONE, RUNNING, STOPPED, RunFolder, resuming
from .planning import plan
from .record import Record, clip_contents, told_stages, versions
from .run import Run
from .schedule import Budget
from .stage import Stage
from .standing import extended, waiting
from .voice import Voice

if TYPE_CHECKING:
    from torch import nn

NOT_STARTED = "Stopped before training started; nothing was written."

Opening = Callable[[int, int, str], object]


@frozen
class Trained:
    """What a training gives.

    Attributes:
        model: the model file.
        folder: the run's.
        seconds: that it took.
        warnings: given on the way.
        went_on: False where a run was to be resumed that had ended already.
    """

    model: Path
    folder: Path
    seconds: float
    warnings: tuple[str, ...] = ()
    went_on: bool = True


@define
class Job:
    """One command's training: its stages share data, folder, clock and voice.

    Attributes:
        model: the model file to write, or to train a companion into.
        replaces: digest of the file that the model takes the place of; "" where there was none.
        host: digest of the weights that a companion is trained on; "" where the job makes them.
        id: the model's.
        replace: an earlier, finished run may be replaced.
        resumed: the folder's own run goes on.
        extension: how long what is left of a resumed run trains, instead of what it was told.
        left_out: what must be told once training has started.
    """

    voice: Voice
    model: Path
    name: str
    budget: Budget
    paths: list[Path]
    device: str
    threads: int
    seed: int
    hold_out: tuple[str, ...]
    cancel: threading.Event
    replace: bool = False
    resumed: bool = False
    extension: Budget | None = None
    replaces: str = ""
    host: str = ""
    left_out: list[str] = field(factory=list)
    id: str = field(factory=lambda: str(uuid.uuid4()))
    announced: bool = False
    saved: int = 0  # stages whose model was written
    _dataset: Dataset | None = None
    _longer: list[Stage] = field(factory=list)  # the stages that the extension is for

    @property
    def registry(self) -> Registry:
        """Give the plugins."""
        return self.voice.registry

    @property
    def folder(self) -> RunFolder:
        """Give the run's folder."""
        return self.voice.folder

    @property
    def dataset(self) -> Dataset:
        """Give the sounds; they are open before any stage begins."""
        assert self._dataset is not None
        return self._dataset

    @property
    def seconds(self) -> float:
        """Give the seconds that the run took until now, in earlier sittings too."""
        return round(self.folder.spent + self.voice.seconds, 3)

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
        """Make the stages; arguments as of `planning.plan`."""
        self.registry.listen()  # who stands around distill_adapt
        return plan(owners, configs, host, self.dataset, self.budget, self.device)

    def run(self, stages: Sequence[Stage]) -> Trained:
        """Train stage after stage; each leaves a whole, usable model file."""
        self.model.parent.mkdir(parents=True, exist_ok=True)
        for broken in self.registry.listen():
            self.left_out.append(broken.left_out)
        if not self.resumed:
            self.folder.create(self._record(stages).as_json(), self.replace)
        with closing(self.folder), self._ending():
            left = self.waiting(stages)
            self._longer = extended(self.folder, left) if self.extension else []
            for stage in left:
                self._train(stage, stages, left)
            self.voice.tell(self.done(stages, left[-1].owner.name))
            self._mark(DONE)
        warnings = tuple(self.voice.warned)
        return Trained(self.model, self.folder.path, self.voice.seconds, warnings)

    def waiting(self, stages: Sequence[Stage]) -> list[Stage]:
        """List the stages that are still to be trained; errors as of `standing.waiting`."""
        if not self.resumed:
            return list(stages)
        return waiting(self.folder, self.model, self.id, self.replaces, stages, self.extension)

    def done(self, stages: Sequence[Stage], last: str) -> Done:
        """Make the event that ends a job well; `last` is the stage that was trained last."""
        header = read_header(self.model)
        training = {
            each.owner.name: each.training_in(header) for each in stages
        }  # what the file says, also of stages that were trained in an earlier sitting
        return Done(
            stage=last, step=int(training[last].get("steps") or 0), seconds=self.voice.seconds,
            model=str(self.model), run=str(self.folder.path),
            held_out_loss={name: told.get("held_out_loss") for name, told in training.items()},
            warnings=tuple(self.voice.warned),
        )  # fmt: skip

    def announce(self, stages: Sequence[Stage], stage: str, step: int) -> None:
        """Tell `started`, once a command."""
        if self.announced:
            return
        if self.cancel.is_set():
            raise Interrupted(NOT_STARTED)
        self.announced = True
        self._mark(RUNNING)
        self.voice.tell(
            Started(
                stage=stage, step=step, seconds=self.voice.seconds,
                run=str(self.folder.path), model=str(self.model), device=self.device,
                seed=self.seed,
                stages=tuple(each.owner.name for each in stages),
                held_out=tuple(self.dataset.held_out_names),
                training_seconds=round(self.dataset.seconds, 3),
                automatic={each.owner.name: each.automatic for each in stages},
            )
        )  # fmt: skip
        report = self.dataset.report
        for message in filter(None, [*report.warnings, report.note, *self.left_out]):
            self.voice.warn(stage, step, message)

    def _train(self, stage: Stage, stages: Sequence[Stage], left: Sequence[Stage]) -> None:
        """Train one stage; stopping leaves what it has reached."""
        name = stage.owner.name
        if name in self.folder.finished:
            self.folder.finished.remove(name)
        try:
            self.saved += stage.train(self, self._run(stage, stages, left))
        except Interrupted as stopped:  # before its first step
            raise Interrupted(self._where_it_stopped()) from stopped
        if self.cancel.is_set():
            raise Interrupted(self._where_it_stopped())
        self.folder.finished.append(name)
        self._mark(RUNNING)

    def _mark(self, status: str) -> None:
        """Keep how the run stands."""
        self.folder.mark(status, self.seconds)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Keep how a job ended; one that ends before it told `started` leaves no folder."""
        try:
            yield
        except BaseException as error:
            if self.announced:
                with suppress(OSError):  # the disk may be full
                    self._mark(DIVERGED if isinstance(error, DivergedError) else STOPPED)
            elif not self.resumed:
                self.folder.remove()
            if isinstance(error, OSError) and self.announced:
                error.filename = error.filename or str(self.folder.path)
                cure = f"Mend that, then go on: {resuming(self.folder.path)}"
                raise StorageError.of(error, cure) from error
            told = told_with_traceback(error, self.folder.path) if self.announced else error
            if told is not error:
                raise told from told.__cause__
            raise

    def _where_it_stopped(self) -> str:
        """Say what a stopped command leaves."""
        if not self.announced:
            return NOT_STARTED
        kept = f"{self.model} is as it was" if self.model.exists() else "No model was written"
        if self.saved:
            kept = f"What was trained until now is in {self.model}"
        return f"Stopped. {kept}. Go on with: {resuming(self.folder.path)}"

    def _run(self, stage: Stage, stages: Sequence[Stage], left: Sequence[Stage]) -> Run:
        """Make what a stage's backend gets."""
        owner, host = stage.owner, None
        extension = self.extension if stage in self._longer else None
        if owner.claim.kind == "companion":  # as it will be when it plays
            loaded = load(self.model, self.device, self.registry, companions=False)
            host = loaded.host.network
            if loaded.header.id != self.id:
                raise ConfigError(f"{self.model} was replaced by another model.")
        return Run(
            stage=owner.name, folder=self.folder.path, dataset=self.dataset, host=host,
            device=self.device, seed=mixed(self.seed, *owner.name.encode()),
            budget=extension or self.budget,
            deadline=self._deadline(stage, stages, left), began=self.voice.began,
            announce=lambda step: self.announce(stages, owner.name, step),
            listener=self.voice.tell, cancel=self.cancel, teller=self.voice.warn,
            extension=extension,
        )  # fmt: skip

    def _deadline(
        self, stage: Stage, stages: Sequence[Stage], left: Sequence[Stage]
    ) -> float | None:
        """Say when a stage should end; what an earlier one took too long is divided."""
        now, began = time.monotonic(), self.voice.began
        if self.resumed and stage not in self._longer:  # its share of what the run was told, anew
            share = self.budget.share(stages.index(stage), len(stages))
            return None if share is None else now + share * 60
        budget, left = self.extension or self.budget, self._longer or left
        index = left.index(stage)
        share = budget.share(index, len(left))
        if share is None or budget.minutes is None:
            return None
        if index == 0:
            return began + share * 60
        return now + (began + budget.minutes * 60 - now) / (len(left) - index)

    def _progress(self, on_open: Opening | None) -> Opening:
        def tell(number: int, total: int, name: str) -> None:
            if self.cancel.is_set():
                raise Interrupted(NOT_STARTED)
            if on_open is not None:
                on_open(number, total, name)

        return tell

    def _record(self, stages: Sequence[Stage]) -> Record:
        """Give what the run was told, for its folder."""
        return Record(
            model=self.model.name, name=self.name, id=self.id, host=self.host,
            data=[str(path.absolute()) for path in self.paths], hold_out=list(self.hold_out),
            seed=self.seed, device=self.device, threads=self.threads, budget=self.budget,
            clips=clip_contents(self.dataset), versions=versions(stages),
            stages=told_stages(stages), replaces=self.replaces,
        )  # fmt: skip
