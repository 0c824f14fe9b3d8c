"""A folder of links to chosen distributions of this environment, and to nothing else."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name


def link_all(names: set[str], folder: Path) -> None:
    """Link what these distributions brought: a folder whole, unless others brought parts of it."""
    owners, linked = ownership(), set()
    for place in sorted(owners):
        mine = owners[place] & names
        if not mine or not linked.isdisjoint(place.parents):
            continue
        source = _where(place)
        if owners[place] <= names or not source.is_dir():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            link(source, folder / place)
            linked.add(place)


def link(source: Path, target: Path) -> None:
    """Make a symbolic link, or hard links, or copies: the first that this platform allows."""
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except (OSError, NotImplementedError):
        if source.is_dir():
            shutil.copytree(source, target, copy_function=_hard)
        else:
            _hard(source, target)


def _hard(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@cache
def ownership() -> dict[PurePosixPath, frozenset[str]]:
    """Say of every file and folder in this environment which distributions brought it."""
    owners: dict[PurePosixPath, set[str]] = {}
    for name, _, place in _recorded():
        for each in (place, *place.parents[:-1]):  # the last is the folder of all
            owners.setdefault(each, set()).add(name)
    return {place: frozenset(names) for place, names in owners.items()}


@cache
def top_level() -> dict[str, frozenset[str]]:
    """Say of every module that can be imported which distributions bring it."""
    found: dict[str, frozenset[str]] = {}
    for place, names in ownership().items():
        if len(place.parts) == 1 and place.suffix in {"", ".py", ".so", ".pyd"}:
            module = place.name.split(".")[0]
            found[module] = found.get(module, frozenset()) | names
    return found


@cache
def _roots() -> dict[PurePosixPath, Path]:
    """Say of every file and folder in which site-packages it lies."""
    found: dict[PurePosixPath, Path] = {}
    for _, root, place in _recorded():
        found |= dict.fromkeys((place, *place.parents), root)
    return found


def _where(place: PurePosixPath) -> Path:
    return _roots()[place] / place


@cache
def _recorded() -> tuple[tuple[str, Path, PurePosixPath], ...]:
    """List what RECORDs hold: whose it is, in which site-packages, where in it."""
    found = []
    for each in distributions():
        root = Path(str(each.locate_file("")))
        name = canonicalize_name(each.metadata["Name"])
        for place in _files(each):
            if place.parts[0] != ".." and not place.is_absolute():
                found.append((name, root, place))
    return tuple(found)


def _files(found: Distribution) -> Iterator[PurePosixPath]:
    for row in csv.reader((found.read_text("RECORD") or "").splitlines()):
        if row and not row[0].endswith((".pyc", ".pth")):
            yield PurePosixPath(row[0])
