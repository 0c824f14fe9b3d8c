"""Keep in a run's folder where it failed: after hours nobody can scroll back to it."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

from ..atomic import write_atomic
from ..errors import BackendError, DistillError

FAILURE = "failure.txt"


def told_with_traceback(error: BaseException, folder: Path) -> BaseException:
    """Write the traceback of a bug, ours or a plugin's, into a run's folder.

    Args:
        error: what ended the run.
        folder: the run's.

    Returns:
        The error to raise: the same, or one that says also where its traceback is.
    """
    bug = error.__cause__ if isinstance(error, DistillError) else error
    if not isinstance(bug, Exception) or isinstance(bug, DistillError | OSError):
        return error
    path = folder / FAILURE
    with suppress(OSError):  # the disk may be full; the error itself matters more
        write_atomic(path, "".join(traceback.format_exception(bug)).encode(errors="replace"))
        if isinstance(error, BackendError):
            told = BackendError(error.message, f"{error.hint} The traceback is in {path}.")
            told.__cause__ = bug
            return told
    return error
