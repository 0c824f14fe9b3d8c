"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

Content = bytes | Callable[[IO[bytes]], object]


def _umask() -> int:
    """Read the process's umask (POSIX offers no way but setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


FILE_MODE = 0o666 & ~_umask()  # read once at import: umask is process-wide and setting it is a race


def write_atomic(path: Path, content: Content) -> None:
    """Write bytes, or what a callable writes to an open binary file, then move it over `path`.

    The file is made beside its target, flushed, fsynced and moved over with `os.replace`; the
    folder is fsynced last. A fault at any point leaves the old file as it was.

    Raises:
        OSError: the disk is full or the folder may not be written.
    """
    with replacing(path) as beside, beside.open("wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path` (same suffix); it takes its place if the block ends well.

    For writers that want a path rather than a file; they need not fsync.
    """
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name[:80]}.", suffix=f".part{path.suffix}"
    )
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        _sync(beside)
        beside.chmod(FILE_MODE)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    if os.name == "posix":
        _sync(path.parent)


def _sync(path: Path) -> None:
    """Make the disk keep what was written to a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
