"""Runs in the library that were ended before their time."""

from __future__ import annotations

import shlex
from pathlib import Path

from distill_core.errors import DistillError
from distill_core.library import home

from .finding import Finding


def check_runs() -> list[Finding]:
    """Tell of runs that say they are going on, while nobody holds their lock."""
    from distill_core.training.folder import LOCK, RUNNING, RunFolder
    from distill_core.training.locking import lockable

    try:
        folders = sorted((home() / "models").glob("*.run"))
    except (OSError, RuntimeError, ImportError, DistillError):  # `check_places` tells of it
        return []
    found = []
    for folder in folders:
        try:
            killed = RunFolder(folder).status == RUNNING and lockable(folder / LOCK)
        except OSError:
            continue
        if killed:
            found.append(_finding(folder))
    return found


def _finding(folder: Path) -> Finding:
    cure = f"Go on with it: distill train --resume {shlex.quote(str(folder))}"
    return Finding("unfinished run", f"{folder} was ended before its time", cure)
