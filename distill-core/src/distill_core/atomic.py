"""Write a file whole or not at all.

Wherever the disk fails or the process is killed, the target is afterwards the old file byte for
byte or the new one whole. What a kill leaves is hidden (`.kit.distill.a1b2c3d4.part.distill`), is
taken for nothing by anyone, and goes with the first write into its folder a day later.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

Content = bytes | Callable[[IO[bytes]], object]

LONGEST_NAME = 150  # bytes of the target's name in its temporary one; file systems allow 255
LONGEST_SUFFIX = 20  # bytes
TEMPORARY = re.compile(r"\..*\.[a-z0-9_]{8}\.part(\.[^.]*)?", re.DOTALL)
LEFT_SECONDS = 24 * 3600  # whoever wrote this long ago was killed
NOT_HERE = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF}


def _umask() -> int:
    """Read the process's umask (POSIX offers no way but setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


FILE_MODE = 0o666 & ~_umask()  # read once at import: umask is process-wide and setting it is a race
_swept: set[Path] = set()  # folders that this process has looked for leftovers in


def write_atomic(path: Path, content: Content) -> None:
    """Write bytes, or what a callable writes to an open binary file, then move it over `path`.

    Raises:
        OSError: as `replacing` says.
    """
    with replacing(path) as beside, beside.open("wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)


def check_writable(path: Path) -> None:
    """Fail now rather than after hours of work: would `replacing` be allowed to write here?

    Raises:
        OSError: it would not; what only the writing itself can meet (a full disk) is not tried.
    """
    target = Path(os.path.realpath(path))
    _refuse_what_is_kept(target, path)
    folder = next(each for each in target.parents if os.path.lexists(each))
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path` (same suffix); it takes its place if the block ends well.

    It is fsynced, gets the mode of an ordinary new file, and is moved over with `os.replace`; the
    folder is fsynced last. A symbolic link stays one: what it points to is replaced.

    Raises:
        OSError: the disk is full or the folder may not be written; names `path`, and nothing is
            left beside it. The old file is as it was, but where the folder's fsync failed (a
            broken disk): then the new one is whole and in place, and may not outlive a power cut.
            Also where `path` is marked read-only, though its folder could be written, and where it
            is no file: root could replace a device.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    _refuse_what_is_kept(target, path)
    _sweep(target.parent)
    with naming(path):
        prefix, suffix = _affixes(target)
        handle, name = tempfile.mkstemp(suffix, prefix, target.parent)
        beside = Path(name)
        try:
            os.close(handle)
            yield beside
            _sync(beside, os.O_RDWR)
            beside.chmod(FILE_MODE)
            beside.replace(target)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
        if os.name == "posix":
            _sync_folder(target.parent)


def _refuse_what_is_kept(target: Path, path: Path) -> None:
    """Raise where there is something that a moved file must not take the place of."""
    if not os.path.lexists(target):
        return
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not target.is_file():
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def is_temporary(name: str) -> bool:
    """Say whether a file's name is one that is being written under, or that a kill left."""
    return TEMPORARY.fullmatch(name) is not None


def _affixes(target: Path) -> tuple[str, str]:
    """Begin and end the temporary name as the target's, within what a file system allows."""
    kept = os.fsencode(target.name)[:LONGEST_NAME].decode("utf-8", "ignore")
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= LONGEST_SUFFIX else ""
    return f".{kept}.", f".part{suffix}"


def _sync(path: Path, flags: int) -> None:
    """Make the disk keep what was written to a file or folder."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Make the disk keep the new name, where a folder can be opened and synced at all."""
    try:
        _sync(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno not in NOT_HERE:
            raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let a fault name the file that was asked for: a temporary one means nothing to anyone."""
    try:
        yield
    except OSError as error:
        place = error.filename
        if error.errno is not None and (
            place is None or is_temporary(Path(os.fsdecode(place)).name)
        ):
            error.filename = str(path)
            del error.filename2
        raise


def _sweep(folder: Path) -> None:
    """Remove what kills left in a folder, once a process."""
    if folder in _swept:
        return
    _swept.add(folder)
    limit = time.time() - LEFT_SECONDS
    with suppress(OSError):  # it is cleaning up: the write itself says what is wrong here
        for path in [each for each in folder.iterdir() if is_temporary(each.name)]:
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()
