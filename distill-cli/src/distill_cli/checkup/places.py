"""Where the library and the caches are: whether they can be written, their space, what lies about.

Letters of sizes: all in bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from distill_core.errors import DistillError
from distill_core.header import SUFFIX, read_header
from distill_core.library import home

from .finding import Finding

LEAST_FREE = 1 << 30  # a training run's checkpoints and the cache of a few hours of sound
MOST_FILES = 200_000  # that are counted: a report must come within seconds
STALE_SECONDS = 3600  # a file that is being written is younger
MOVE = "DISTILL_HOME can name another folder."
SHOWN = 3


@frozen
class Place:
    """What is known of a folder.

    Attributes:
        name: what it is for.
        path: where.
        files: in it, however deep.
        bytes: that they take.
        free: that are left on its disk; None where nobody can tell.
        fault: why it cannot be written; None if it can.
    """

    name: str
    path: Path
    files: int
    bytes: int
    free: int | None
    fault: str | None


def check_places() -> list[Finding]:
    """Look at the library, the cache and the folder for temporary files."""
    try:
        top = home()
    except (
        OSError,
        RuntimeError,
        ImportError,
        DistillError,
    ) as error:  # no home, or ~name that is nobody's
        told = f"it cannot be told where they are: {error}"
        return [Finding("library and cache", told, MOVE)]
    library = top / "models"
    found = [check_place(look_at(name, path)) for name, path in
             (("library", library), ("cache", top / "cache"))]  # fmt: skip
    found.append(_check_temporary())
    found += check_leftovers([path for path in _walk(top) if _is_leftover(path)])
    found += check_models(library)
    return found


def look_at(name: str, path: Path) -> Place:
    """Measure a folder, which need not be there yet."""
    files = size = 0
    for file in _walk(path):
        files += 1
        size += _size(file)
    there = _nearest_there(path)
    try:
        free: int | None = shutil.disk_usage(there).free
    except OSError:
        free = None
    return Place(name, path, files, size, free, _write_fault(there))


def check_place(place: Place) -> Finding:
    """Judge a folder."""
    count = f"{place.files} file{'s' * (place.files != 1)}, {written(place.bytes)}"
    told = f"{place.path}: {count if place.files else 'empty'}"
    if place.free is not None:
        told += f"; {written(place.free)} free"
    if place.fault is not None:
        return Finding(place.name, f"{told}; it cannot be written: {place.fault}", MOVE)
    if place.free is not None and place.free < LEAST_FREE:
        return Finding(place.name, f"{told}: nearly full", f"Free some space there. {MOVE}")
    return Finding(place.name, told)


def check_leftovers(paths: list[Path]) -> list[Finding]:
    """Tell of files that were being written when something ended."""
    if not paths:
        return []
    shown = ", ".join(map(str, paths[:SHOWN])) + ", …" * (len(paths) > SHOWN)
    size = written(sum(_size(path) for path in paths))
    told = f"{len(paths)} left by writing that was cut off ({size}): {shown}"
    return [Finding("unfinished files", told, "Delete them; nothing reads them.")]


def check_models(library: Path) -> list[Finding]:
    """Read the header of each model in the library, and tell of those that cannot be read."""
    bad = []
    for path in sorted(library.glob(f"[!.]*{SUFFIX}")):
        try:
            read_header(path)
        except (DistillError, OSError) as error:
            bad.append(str(error))
    if not bad:
        return []
    told = f"{len(bad)} cannot be read: {bad[0]}"
    return [Finding("models", told, f"Move what is no model out of {library}.")]


def written(size: int) -> str:
    """Write a number of bytes for people."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"


def _check_temporary() -> Finding:
    """Look at where temporary files go."""
    try:
        path = Path(tempfile.gettempdir())
    except OSError as error:
        told, cure = f"none can be written: {error}", "Let TMPDIR name a folder that can."
        return Finding("temporary files", told, cure)
    return Finding("temporary files", str(path))


def _walk(top: Path) -> Iterator[Path]:
    """Give the files below a folder, up to a number; folders that cannot be read are left out."""
    count = 0
    for folder, _, names in os.walk(top):
        for name in names:
            count += 1
            if count > MOST_FILES:
                return
            yield Path(folder, name)


def _is_leftover(path: Path) -> bool:
    """Say whether a file is an atomic writer's that never ended (see core's `atomic`)."""
    if not (path.name.startswith(".") and ".part" in path.name):
        return False
    try:
        return time.time() - path.stat().st_mtime > STALE_SECONDS
    except OSError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _nearest_there(path: Path) -> Path:
    """Give a folder, or the nearest one above it that exists."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def _write_fault(folder: Path) -> str | None:
    """Try to write in a folder; a file without a name leaves nothing behind."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        return error.strerror or str(error)
    return None
