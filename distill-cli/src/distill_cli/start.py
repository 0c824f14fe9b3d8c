"""The command's first and last moments, when a signal finds nothing to break off.

Imports as little as it can: until `interrupts` is there to answer, Ctrl-C would print a traceback
out of the middle of some import.
"""

from __future__ import annotations

import atexit
import os
import signal
from types import FrameType

INTERRUPTED = 130
STOPS = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C, kill and docker stop, a terminal that was closed


def run() -> None:
    """Be the `distill` command."""
    atexit.register(_ignore)  # what is registered first comes last
    _leave_with(INTERRUPTED)  # nothing is begun
    from .main import run

    try:
        run()
    except SystemExit as end:  # all is said and written
        code = end.code if isinstance(end.code, int) else 0
        if code == INTERRUPTED:  # after `python -m` the interpreter may end itself with SIGINT, for
            os._exit(code)  # a KeyboardInterrupt that was caught long ago (out of an exec)
        _leave_with(code)
        raise


def signals() -> list[signal.Signals]:
    """List the signals to answer; nohup's wish that a closed terminal should not matter is kept."""
    there = [getattr(signal, name) for name in STOPS if hasattr(signal, name)]
    kept = getattr(signal, "SIGHUP", None)
    return [each for each in there if each != kept or signal.getsignal(each) is not signal.SIG_IGN]


def _leave_with(code: int) -> None:
    """Let a signal end the process at once, also one that a thread keeps from ending."""

    def leave(number: int, frame: FrameType | None) -> None:
        os._exit(code)

    for number in signals():
        signal.signal(number, leave)


def _ignore() -> None:
    """Be deaf while the interpreter goes: it would give signals their old, deadly meaning back."""
    for number in signals():
        signal.signal(number, signal.SIG_IGN)
