"""The faults a user can mend, each with its exit code; anything else is a bug of ours."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DistillError(Exception):
    """Something the user can act on: a line that says what was wrong, and a hint at the cure."""

    exit_code = 2

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Keep the sentence and, apart from it, the way out."""
        super().__init__(message if hint is None else f"{message} {hint}")
        self.message = message
        self.hint = hint


class ConfigError(DistillError):
    """A setting, name or path that cannot be used (exit code 2)."""


class DatasetError(DistillError):
    """No usable audio where some was needed (exit code 3)."""

    exit_code = 3


class AudioError(DistillError):
    """One sound that cannot be read, used or written (exit code 3)."""

    exit_code = 3


class ModelFileError(DistillError):
    """A bad, unsafe, incompatible or too new model file (exit code 4)."""

    exit_code = 4


class StorageError(DistillError):
    """The disk is full, or a file may not be read or written (exit code 5)."""

    exit_code = 5


class BackendError(DistillError):
    """A backend is missing, broken, or claimed twice (exit code 6)."""

    exit_code = 6


class PartialError(DistillError):
    """Some inputs failed while others succeeded (exit code 7)."""

    exit_code = 7


class DivergedError(DistillError):
    """Training produced NaN or infinity (exit code 8)."""

    exit_code = 8


class Interrupted(DistillError):  # noqa: N818 - it is an outcome, not a fault
    """The user stopped the work; everything is saved (exit code 130)."""

    exit_code = 130


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word as " Did you mean …?", or nothing when none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""
