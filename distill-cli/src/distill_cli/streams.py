"""The three standard streams, whatever the shell made of them: closed, full, or without a reader.

Nothing that happens to them ends a command's work; what was lost on stdout is told at the end.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO

STDIN, STDOUT, STDERR = 0, 1, 2


def open_all() -> None:
    """Let the null device stand in for streams that are closed (`>&-`).

    A file that is opened later would get their number, and what is printed would go into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(opened, True)
        if getattr(sys, name) is None:
            mode = "r" if number == STDIN else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        with suppress(AttributeError, ValueError):  # a test's, which takes any character
            stream.reconfigure(errors="backslashreplace")


def write(stream: TextIO | None, text: str) -> OSError | None:
    """Write and flush; give the fault that there was. A stream that fails is silent from then on.

    A reader that has left (`| head`) has what it wanted: that is no fault.
    """
    if stream is None:
        return None
    try:
        if text:
            stream.write(text)
        stream.flush()
    except OSError as error:
        silence(stream)
        return None if error.errno == errno.EPIPE else error
    except ValueError:  # it was closed by someone
        return None
    return None


def silence(stream: TextIO) -> None:
    """Send all that a stream still has, and all that comes, nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def data_only() -> Iterator[TextIO | None]:
    """Give stdout for data alone: what libraries and plugins print meanwhile goes to stderr.

    Where stdout is the process's own, also what they print past Python. That stays so until the
    process ends, since the C library may keep what was printed until then.
    """
    told: Any = sys.stdout
    if not _is_process_stdout(told):
        with redirect_stdout(sys.stderr):
            yield told
        return
    own: Any = os.fdopen(os.dup(STDOUT), "w", encoding=told.encoding, errors=told.errors)
    os.dup2(STDERR, STDOUT)
    try:
        yield own
    finally:
        with suppress(OSError):
            own.close()


def settle() -> OSError | None:
    """Flush what is left, so that the interpreter's end cannot fail at it; give stdout's fault."""
    fault = write(sys.stdout, "")
    write(sys.stderr, "")
    return fault


def _is_process_stdout(stream: Any) -> bool:
    """Tell the stream that the process was started with from one that stands in for it."""
    first: Any = sys.__stdout__
    try:
        return first is not None and stream is first and bool(first.fileno() == STDOUT)
    except (OSError, ValueError):
        return False


class Tolerant:
    """A stream for what draws on the terminal: a terminal that was closed ends no training."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on a stream."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Be the stream in all else."""
        return getattr(self._stream, name)
