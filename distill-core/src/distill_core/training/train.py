"""Train from Python: from a folder of sounds to a model file, or a companion into one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..atomic import check_writable
from ..device import pick_device, set_threads
from ..errors import ConfigError, DatasetError, ModelFileError
from ..header import SUFFIX, read_header
from ..library import find, place
from ..loading import load
from ..registry import Registry, environment
from ..seeding import chosen_seed
from .folder import RunFolder
from .job import Job, Opening, Trained
from .schedule import Budget
from .settings import sort
from .standing import content
from .voice import Listener, Voice

UNNAMED = "sounds"  # what a model of all that is in "/" is called


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
    hold_out: str | Sequence[str] = (),
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
    chosen = registry.default_type() if model_type is None else model_type
    owner = registry.owner(chosen, "backend")
    followers = [] if only else registry.companions(owner.type)
    configs = sort([owner.type, *followers], knobs)
    paths = _paths(data)
    hidden = name is not None and name.startswith(".")  # the library would not list it
    if name is not None and (
        hidden or not name or not name.isprintable() or Path(name).name != name
    ):
        raise ConfigError(f"--name: {name!r} is no name for a file.", "Give the path with -o.")
    target = _target(out, name, paths)
    folder = RunFolder.beside(target)
    folder.check_free(target.name)
    _check_replaceable(target, force)
    check_writable(target)
    job = Job(
        voice=Voice(registry, folder, on_event), model=target,
        name=name or printable(target.stem), budget=budget, paths=paths,
        device=pick_device(device), threads=set_threads(threads), seed=chosen_seed(seed),
        hold_out=_globs(hold_out), cancel=cancel or threading.Event(), replace=force,
        replaces=content(target),
    )  # fmt: skip
    first = configs[owner.type.name].model
    job.left_out += _left_out(registry, chosen=model_type is not None, only=only)
    job.open(first.sample_rate, first.channels, on_open)
    owners = [owner, *(registry.owner(each.name) for each in followers)]
    return job.run(job.plan(owners, configs, None))


def _left_out(registry: Registry, *, chosen: bool, only: bool) -> list[str]:
    """Tell of types that might have been trained, and cannot be used."""
    ranked = {} if chosen else registry.failures("backend")
    followers = {} if only else registry.failures("companion")
    return [
        *(f"{name} was left out of the choice, since {error}" for name, error in ranked.items()),
        *(f"{name} is not trained, since {error}" for name, error in followers.items()),
    ]


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
    hold_out: str | Sequence[str] = (),
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
    owner = registry.owner(companion, "companion")
    host = load(target, device=device, registry=registry, companions=False)
    if not owner.type.fits(host.host.owner.type):
        raise ConfigError(f"A {companion} cannot sit on a {host.type} model.")
    configs = sort([owner.type], knobs)
    folder = RunFolder.beside(target, companion)
    folder.check_free(target.name)
    check_writable(target)
    job = Job(
        voice=Voice(registry, folder, on_event), model=target,
        name=host.name, budget=Budget.of(minutes, epochs, steps), paths=_paths(data),
        device=host.device, threads=set_threads(threads), seed=chosen_seed(seed),
        hold_out=_globs(hold_out), cancel=cancel or threading.Event(), replace=True,
        id=host.header.id, host=host.digest(host.host),
    )  # fmt: skip
    job.open(host.sample_rate, host.channels, on_open)
    return job.run(job.plan([owner], configs, host.host.network))


def printable(name: str) -> str:
    """Spell a file's name so that it can be written as text."""
    return name.encode("utf-8", "backslashreplace").decode()


def _check_replaceable(target: Path, force: bool) -> None:
    """Refuse to write over a model that was not given up, and over what is no model at all.

    A damaged model is known by its suffix alone; anything else may be the only copy of a sound.
    """
    if not target.exists():
        return
    if not force:
        raise ConfigError(
            f"{target} is there already.", "Replace it with --force, or use another -o."
        )
    if target.suffix == SUFFIX:
        return
    try:
        read_header(target)
    except ModelFileError as error:
        raise ConfigError(
            f"{target} is no Distill model, so --force does not replace it.", "Use another -o."
        ) from error


def _globs(hold_out: str | Sequence[str]) -> tuple[str, ...]:
    return (hold_out,) if isinstance(hold_out, str) else tuple(hold_out)


def _paths(data: str | Path | Sequence[str | Path]) -> list[Path]:
    one = [data] if isinstance(data, str | Path) else list(data)
    if not one:
        raise DatasetError("No folder of sounds was given.")
    return [Path(path) for path in one]


def _target(out: str | Path | None, name: str | None, paths: Sequence[Path]) -> Path:
    if out is None:
        return place(name or paths[0].resolve().name.lstrip(".") or UNNAMED)
    path = Path(out)
    if path.is_dir():
        raise ConfigError(f"-o {path} is a folder; name a file in it, as {path / 'kit'}{SUFFIX}.")
    if path.exists() and not path.is_file():  # nor could --force replace it, after hours
        raise ConfigError(f"-o {path} is no ordinary file.", "Name another place.")
    return path
