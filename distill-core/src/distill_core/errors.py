"""The faults a user can mend, each with its exit code; anything else is a bug of ours."""

from __future__ import annotations

import difflib
import errno
import os
import re
import unicodedata
from collections.abc import Iterable

NEAR = 0.65  # difflib's ratio from which a word may have been meant: gpu and cpu have 0.67
LONGEST_WORD = 64  # characters that are compared
BREAKS = re.compile(r"\s*[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029]\s*")
LONGEST_LINE = 1000  # characters; what comes first and the cure, which comes last, are kept
JOINERS = "\u200c\u200d"  # within words of some scripts, and within emoji
FULL = "Free some space, or write to another disk."
FORBIDDEN = "Change its permissions, or name another place."
CURES = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "Files that large are not allowed there: write to another disk.",
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.EROFS: "The disk is read-only: name another place.",
    errno.ENOTDIR: "A part of the path is a file: name another place.",
    errno.EISDIR: "It is a folder: name a file.",
    errno.EEXIST: "Move it away, or name another place.",
    errno.ENOENT: "A folder of the path is not there: was it moved, or the disk unplugged?",
    errno.ENAMETOOLONG: "Give a shorter name.",
    errno.ELOOP: "Its symbolic links lead in a circle: name another place.",
    errno.EINVAL: "Name another place.",
    errno.EIO: "The disk has a fault: save what you can, and write to another.",
    errno.EMFILE: "Too many files are open: close other programs, or raise ulimit -n.",
}


class DistillError(Exception):
    """Something the user can act on: a line that says what was wrong, and a hint at the cure."""

    exit_code = 2

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Keep the sentence and, apart from it, the way out.

        Names of files and words out of them may hold anything: a line break, or what moves a
        terminal's cursor. It is shown as one line all the same.
        """
        message = one_line(message)
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

    @classmethod
    def of(cls, error: OSError, hint: str | None = None) -> StorageError:
        """Say what the system refused, where, and what helps.

        Args:
            error: what was raised; its `filename` is the place.
            hint: the cure, where more is known of it than the kind of refusal.
        """
        found = error.filename2 or error.filename
        place = f"{os.fsdecode(found)}: " if isinstance(found, str | bytes | os.PathLike) else ""
        reason = error.strerror or str(error) or type(error).__name__
        cure = CURES.get(error.errno) if error.errno is not None else None
        return cls(f"{place}{reason.rstrip('.')}.", hint or cure)


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


def near(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that was most likely meant: neither case nor - and _ matter."""
    plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=NEAR)
    return plain[close[0]] if close else None


def printable(text: str) -> str:
    """Replace what cannot be shown within a line: control characters, halves of characters."""
    return "".join(each if _shows(each) else "\ufffd" for each in text)


def unbroken(text: str) -> str:
    """Make any text one line that a terminal shows as it stands."""
    return printable(BREAKS.sub(" ", text))


def one_line(message: str) -> str:
    """Make any message one line; a very long one is cut in its middle."""
    line = unbroken(message).strip()
    cut = len(line) > LONGEST_LINE
    return f"{line[: LONGEST_LINE // 2]} … {line[-LONGEST_LINE // 2 :]}" if cut else line


def _shows(each: str) -> bool:
    return each.isprintable() or each in JOINERS or unicodedata.category(each) == "Zs"


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word as " Did you mean …?", or nothing when none is near."""
    found = near(word, known)
    return f" Did you mean {found}?" if found else ""


def aside(meant: str | None) -> str:
    """Suggest a word within a list of faults as " (did you mean …?)", or nothing for None."""
    return f" (did you mean {meant}?)" if meant else ""


def _plain(word: str) -> str:
    return word[:LONGEST_WORD].lower().replace("_", "-")
