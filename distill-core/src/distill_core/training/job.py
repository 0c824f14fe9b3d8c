"""A training job: from a folder of sounds to a model file, one stage after another."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ..audio.dataset import Dataset, open_dataset
from ..configs import Configs, unstructure
from ..device import pick_device, set_threads
from ..errors import ConfigError, DatasetError, Interrupted
from ..events import Done, Event, Started
from ..header import SUFFIX, read_header
from ..library import find, place
from ..loading import load
from ..registry import Owner, Registry, environment
from ..seeding import mixed
from .folder import RunFolder
from .schedule import Budget
from .settings import sort
from .stage import Stage

FIRST_SHARE = 0.6  # of the minutes go to the first stage when companions follow
LONGEST_SEED = 1 << 31

Listener = Callable[[Event], object]
Opening = Callable[[int, int, str], object]


@frozen
class Trained:
    """What a finished training gives: the model file, the run's folder, the seconds it took."""

    model: Path
    folder: Path
    seconds: float
    warnings: tuple[str, ...] = ()


def train(
    data: str | Path | Sequence[str | Path],
    model_type: str | None = None,
    *,
    out: str | Path | None = None,
    name: str | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    only: bool = False,
    device: str = "auto",
    threads: int | None = None,
    seed: int | None = None,
    hold_out: Sequence[str] = (),
    force: bool = False,
    on_event: Listener | None = None,
    on_open: Opening | None = None,
    cancel: threading.Event | None = None,
    registry: Registry | None = None,
    **knobs: Any,
) -> Trained:
    """Train a model of the sounds in some folders or files, and the companions that fit it.

    Args:
        data: folders (read recursively) or files.
        model_type: the highest-ranking installed type by default.
        out: the model file to write; by default it goes into the library.
        name: the model's name; by default the file's, or the data folder's.
        minutes: for all stages together (10 when nothing is told).
        epochs: per stage, instead of minutes.
        steps: per stage, instead of minutes.
        only: train no companion.
        device: "auto", "cpu", "cuda" or "mps".
        threads: for torch; unchanged by default.
        seed: drawn when it is not given, and recorded.
        hold_out: globs that replace the rule for held-out files.
        force: replace an existing model file and run.
        on_event: called with every event.
        on_open: called with (number, total, name) while sounds are decoded.
        cancel: set it to stop; what was trained until then is saved.
        registry: plugins to use instead of the environment's.
        **knobs: settings of the type, and of companions with their name in front.

    Raises:
        ConfigError: a setting, a path or a type that cannot be used.
        DatasetError: no usable audio.
        BackendError: the backend is broken or claimed twice.
        DivergedError: the loss became NaN.
        Interrupted: `cancel` was set; the model file is there once training had started.
    """
    registry = registry or environment()
    budget = Budget.of(minutes, epochs, steps)
    owner = registry.owner(model_type or registry.default_type())
    followers = [] if only else registry.companions(owner.type)
    configs = sort([owner.type, *followers], knobs)
    paths = _paths(data)
    target = _target(out, name, paths)
    if target.exists() and not force:
        raise ConfigError(
            f"{target} is there already.", "Replace it with --force, or use another -o."
        )
    job = Job(
        registry=registry, model=target, name=name or target.stem, budget=budget, paths=paths,
        device=pick_device(device), threads=set_threads(threads), seed=_drawn(seed),
        hold_out=tuple(hold_out), cancel=cancel or threading.Event(), on_event=on_event,
        folder=RunFolder.beside(target), replace=force,
    )  # fmt: skip
    first = configs[owner.type.name].model
    job.open(first.sample_rate, first.channels, on_open)
    stages = [owner, *(registry.owner(each.name) for each in followers)]
    return job.run(stages, configs)


def train_companion(
    model: str | Path,
    data: str | Path | Sequence[str | Path],
    companion: str,
    *,
    minutes: float | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    seed: int | None = None,
    hold_out: Sequence[str] = (),
    on_event: Listener | None = None,
    on_open: Opening | None = None,
    cancel: threading.Event | None = None,
    registry: Registry | None = None,
    **knobs: Any,
) -> Trained:
    """Train a companion into a model file, adding it or replacing the one that is there.

    Arguments and errors are those of `train`; `model` is a path, a name or an id.
    """
    registry = registry or environment()
    target = find(model)
    read_header(target)
    owner = registry.owner(companion)
    host = load(target, device=device, registry=registry)
    if not owner.type.fits(host.host.owner.type):
        raise ConfigError(f"A {companion} cannot sit on a {host.type} model.")
    configs = sort([owner.type], knobs)
    job = Job(
        registry=registry, model=target, name=host.name, budget=Budget.of(minutes, epochs, steps),
        paths=_paths(data), device=host.device, threads=set_threads(threads), seed=_drawn(seed),
        hold_out=tuple(hold_out), cancel=cancel or threading.Event(), on_event=on_event,
        folder=RunFolder.beside(target, companion), replace=True,
    )  # fmt: skip
    job.open(host.sample_rate, host.channels, on_open)
    return job.run([owner], configs)


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
    id: str = field(factory=lambda: str(uuid.uuid4()))
    announced: bool = False
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

    def run(self, owners: Sequence[Owner], configs: Mapping[str, Configs]) -> Trained:
        """Train stage after stage; each leaves a whole, usable model file."""
        self.model.parent.mkdir(parents=True, exist_ok=True)
        for broken in self.registry.listen():
            self.warned.append(f"A plugin was left out: {broken.reason}. {broken.cure}")
        self.folder.create(self._told(owners, configs), self.replace)
        losses: dict[str, float | None] = {}
        with closing(self.folder), self._nothing_left_unless_announced():
            for index, owner in enumerate(owners):
                stage = Stage(self, owner, self._deadline(index, len(owners)))
                losses[owner.type.name] = stage.train(configs[owner.type.name], owners)
                if self.cancel.is_set():
                    raise Interrupted(f"Stopped. What was trained until now is in {self.model}.")
            self.tell(
                Done(
                    stage=owners[-1].type.name, step=stage.steps, seconds=self.seconds,
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

    def announce(self, stage: str, stages: Sequence[str], automatic: dict[str, Any]) -> None:
        """Tell `started`, once a command."""
        if not self.announced:
            self.announced = True
            self.tell(
                Started(
                    stage=stage, step=0, seconds=self.seconds, run=str(self.folder.path),
                    model=str(self.model), device=self.device, stages=tuple(stages),
                    held_out=tuple(self.dataset.held_out_names),
                    training_seconds=round(self.dataset.seconds, 3), automatic=automatic,
                )
            )  # fmt: skip

    def stage_seed(self, stage: str) -> int:
        """Derive a stage's own seed from the job's."""
        return mixed(self.seed, *stage.encode())

    def _deadline(self, index: int, stages: int) -> float | None:
        """Say when a stage should end: the first has its share, the others divide what is left."""
        if self.budget.minutes is None:
            return None
        end = self.began + self.budget.minutes * 60
        if index == 0 and stages > 1:
            return self.began + self.budget.minutes * 60 * FIRST_SHARE
        left = stages - index
        return time.monotonic() + (end - time.monotonic()) / left

    def _progress(self, on_open: Opening | None) -> Opening:
        def tell(number: int, total: int, name: str) -> None:
            if self.cancel.is_set():
                raise Interrupted("Stopped before training started; nothing was written.")
            if on_open is not None:
                on_open(number, total, name)

        return tell

    def _told(self, owners: Sequence[Owner], configs: Mapping[str, Configs]) -> dict[str, Any]:
        """Give what the run was told, for its folder."""
        return {
            "data": [str(path.absolute()) for path in self.paths],
            "model": str(self.model.absolute()), "name": self.name, "id": self.id,
            "seed": self.seed, "device": self.device, "threads": self.threads,
            "hold_out": list(self.hold_out), "fingerprint": self.dataset.fingerprint,
            "minutes": self.budget.minutes, "epochs": self.budget.epochs,
            "steps": self.budget.steps,
            "stages": {
                each.type.name: {
                    "model": unstructure(configs[each.type.name].model),
                    "training": unstructure(configs[each.type.name].training),
                }
                for each in owners
            },
        }  # fmt: skip


def _paths(data: str | Path | Sequence[str | Path]) -> list[Path]:
    one = [data] if isinstance(data, str | Path) else list(data)
    if not one:
        raise DatasetError("No folder of sounds was given.")
    return [Path(path) for path in one]


def _target(out: str | Path | None, name: str | None, paths: Sequence[Path]) -> Path:
    if out is None:
        return place(name or paths[0].resolve().name)
    path = Path(out)
    if path.is_dir():
        raise ConfigError(f"-o {path} is a folder; name a file in it, as {path / 'kit'}{SUFFIX}.")
    return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


def _drawn(seed: int | None) -> int:
    if seed is None:
        return uuid.uuid4().int % LONGEST_SEED
    if not 0 <= seed < 1 << 63:
        raise ConfigError(f"--seed: {seed} must lie between 0 and {(1 << 63) - 1}.")
    return seed
