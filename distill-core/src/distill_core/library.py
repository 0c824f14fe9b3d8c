"""The library: the folder of model files that names and ids are looked up in."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from .errors import ConfigError, DistillError, nearest
from .header import SUFFIX, Header, read_header


def home() -> Path:
    """Name the folder of the library and the caches: DISTILL_HOME, or the user's data folder.

    Raises:
        ConfigError: DISTILL_HOME begins with the home of a user who is not there.
    """
    told = os.environ.get("DISTILL_HOME")
    if told:
        try:
            return Path(told).expanduser()
        except RuntimeError as error:
            raise ConfigError(
                f"DISTILL_HOME: {told} is in the home folder of nobody here.", "Give a whole path."
            ) from error
    from platformdirs import user_data_path

    return user_data_path("distill", appauthor=False)


def models() -> list[Header]:
    """Read the headers of the library's files, sorted by name; unreadable ones are left out."""
    found = []
    for path in sorted((home() / "models").glob(f"[!.]*{SUFFIX}")):  # a dot: being written
        try:
            found.append(read_header(path))
        except (DistillError, OSError):
            continue  # listing must not fail for one bad file; naming it does say what is wrong
    return found


def place(name: str) -> Path:
    """Say where in the library a new model of this name goes."""
    return home() / "models" / f"{name}{SUFFIX}"


def find(model: str | Path) -> Path:
    """Find a model file by path, by name, or by a unique prefix of its id.

    Raises:
        ConfigError: nothing, or more than one model, answers to it.
    """
    path = Path(model)
    if _is(Path.is_file, path):
        return path
    if not isinstance(model, str):
        raise ConfigError(f"There is no model file {path}.")
    known = models()
    for candidates in (
        [each for each in known if model in {each.name, each.path.stem}],
        [each for each in known if model and each.id.startswith(model)],
    ):
        if len(candidates) == 1:
            return candidates[0].path
        if candidates:
            listed = ", ".join(f"{each.id[:8]} ({each.path.name})" for each in candidates)
            raise ConfigError(f"{model} could be any of {listed}.", "Give more of the id.")
    if model and _is(Path.is_dir, path):
        raise ConfigError(f"{model} is a folder; a model is one {SUFFIX} file.")
    raise ConfigError(
        f"There is no model file {model}, and none of that name or id in {home() / 'models'}."
        + _meant(model, [each.name for each in known])
    )


def _meant(model: str, names: list[str]) -> str:
    """Suggest the file without whose suffix a model was named, or the name that begins like it."""
    file = Path(f"{model}{SUFFIX}")
    begun = [each for each in names if model and each.lower().startswith(model.lower())]
    if model and _is(Path.is_file, file):
        return f" Did you mean {file}?"
    return f" Did you mean {begun[0]}?" if len(begun) == 1 else nearest(model, names)


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    """Ask what lies there; where a name is too long for the system nothing does.

    Raises:
        OSError: a folder on the way may not be entered.
    """
    try:
        return kind(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
