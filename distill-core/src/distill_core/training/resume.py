"""Go on with a run that was stopped or killed, exactly; or make a finished one longer."""

from __future__ import annotations

import shlex
import threading
from contextlib import suppress
from glob import escape
from pathlib import Path

from ..atomic import check_writable
from ..device import pick_device, set_threads
from ..errors import ConfigError
from ..library import find
from ..loading import load
from ..registry import Registry, environment
from .folder import DIVERGED, ENDED, RunFolder
from .job import Job, Opening, Trained
from .record import Record, clip_contents, versions
from .schedule import Budget
from .stage import Stage
from .voice import Listener, Voice


def resume(
    run: str | Path,
    *,
    minutes: float | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    on_event: Listener | None = None,
    on_open: Opening | None = None,
    cancel: threading.Event | None = None,
    registry: Registry | None = None,
) -> Trained:
    """Go on with a run: everything, the sounds included, comes from its folder.

    Without a budget a run that was stopped or killed goes on to where it was to end, bit for bit
    as if nothing had happened (same machine, versions and threads). With one, that is what the
    stages that are left have, or the last stage of a finished run: it trains on from its last
    state with a new schedule, and the run's own model is written again.

    Args:
        run: the run's folder; or its model, by path or by its name in the library.
        minutes: how much longer; so are `epochs` and `steps`.
        epochs: see minutes.
        steps: see minutes.
        on_event: called with every event.
        on_open: called with (number, total, name) while sounds are decoded.
        cancel: set it to stop; what was trained until then is saved.
        registry: plugins to use instead of the environment's.

    Raises:
        ConfigError: no such run, one that goes on or diverged, or its sounds or model changed.
        DatasetError: no usable audio any more.
        BackendError: the backend is missing or broken.
        DivergedError: the loss became NaN.
        Interrupted: `cancel` was set.
    """
    registry = registry or environment()
    given = any(each is not None for each in (minutes, epochs, steps))
    extension = Budget.of(minutes, epochs, steps) if given else None
    folder = _folder(run)
    try:
        record = Record.read(folder.reopen(), folder.path)
        if folder.status == DIVERGED and extension is None:
            raise ConfigError(
                f"The run in {folder.path} diverged, and would again.",
                "Train anew with --force and a smaller --lr.",
            )
        voice = Voice(registry, folder, on_event)
        job = _job(record, voice, extension, cancel or threading.Event())
        stages = [Stage(*each) for each in record.configs(registry, folder.path)]
        rate, channels = _heard_as(job, stages)
        if not job.waiting(stages):
            done = job.done(stages, stages[-1].owner.name)
            if on_event is not None:
                on_event(done)
            return Trained(job.model, folder.path, voice.seconds, went_on=False)
        check_writable(job.model)
        job.open(rate, channels, on_open)
        _compare(job, stages, record)
        return job.run(stages)
    finally:
        folder.close()


def _job(record: Record, voice: Voice, extension: Budget | None, cancel: threading.Event) -> Job:
    """Make the job anew that a record tells of; its model lies beside the run's folder."""
    return Job(
        voice=voice, model=voice.folder.path.parent / record.model, name=record.name,
        budget=record.budget, paths=[Path(each) for each in record.data],
        device=pick_device(record.device), threads=set_threads(record.threads),
        seed=record.seed, hold_out=tuple(record.hold_out), cancel=cancel,
        id=record.id, replaces=record.replaces, host=record.host, resumed=True,
        extension=extension,
    )  # fmt: skip


def _folder(run: str | Path) -> RunFolder:
    """Find a run by its folder, or by its model."""
    path = Path(run)
    if path.name in {"", ".."}:  # "." and ".." have another name, and another folder beside them
        path = path.resolve()
    if not path.name or not str(run):
        raise ConfigError(f"There is no run {str(run)!r}.", "Name a folder that ends in .run.")
    if path.is_dir():
        return RunFolder(path)
    found = _of(path)
    if found.path.is_dir():
        return found
    with suppress(ConfigError):
        return _of(find(str(run)))
    return RunFolder(path)


def _of(model: Path) -> RunFolder:
    """Choose among a model's runs: one that is not finished, or the one that made the model."""
    first = RunFolder.beside(model)
    later = sorted(model.parent.glob(f"{escape(model.stem)}.*.run"))
    runs = [first, *(RunFolder(path) for path in later)]
    return next((each for each in runs if each.status not in {*ENDED, None}), first)


def _compare(job: Job, stages: list[Stage], record: Record) -> None:
    """Hold the sounds, and what computes with them, against what they were."""
    changes = record.changes(clip_contents(job.dataset))
    if changes:
        raise ConfigError(
            f"The sounds have changed since this run began: {changes}.",
            "Put them back as they were, or train anew with another -o.",
        )
    now = versions(stages)
    other = [
        f"{name} {then}, now {now.get(name)}"
        for name, then in record.versions.items()
        if now.get(name) != then
    ]
    if other:
        job.left_out.append(
            f"This run began with {'; '.join(other)}: it goes on, but not bit for bit."
        )


def _heard_as(job: Job, stages: list[Stage]) -> tuple[int, int]:
    """Give the rate and channels that the run's sounds are heard at: a companion's are its host's.

    Raises:
        ConfigError: the host has changed, so that the companion would learn other codes.
    """
    if not job.host:
        config = stages[0].configs.model
        return config.sample_rate, config.channels
    host = load(job.model, job.device, job.registry, companions=False)
    if (host.header.id, host.digest(host.host)) != (job.id, job.host):
        kind = stages[0].owner.name
        raise ConfigError(
            f"{job.model} is not the model any more that this run's {kind} is trained on.",
            f"Remove {job.folder.path} and train it anew:"
            f" distill train-{kind} {shlex.quote(str(job.model))} DATA.",
        )
    return host.sample_rate, host.channels
