"""Lock a file for this process, so that two runs do not write into one folder."""

from __future__ import annotations

from pathlib import Path
from typing import IO


def lock(file: IO[bytes]) -> bool:
    """Lock an open file for this process, where the system can; say whether nobody else has it."""
    try:
        import fcntl
    except ImportError:  # not POSIX: two runs into one folder are then the user's to avoid
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def lockable(path: Path) -> bool:
    """Say whether nobody has a file locked."""
    if not path.exists():
        return True
    with path.open("ab") as file:
        return lock(file)
