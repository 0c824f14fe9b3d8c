"""Ctrl-C and its like: say so at once, leave things whole; a second time leaves at once.

A Python signal handler waits for the running kernel; the interpreter's wakeup descriptor does not,
so a watcher thread on its other end answers within milliseconds.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from attrs import define, field

from .start import INTERRUPTED, signals

SAVING = "\nStopping: finishing the step and saving. Once more to leave at once.\n"
LEAVING = "\nStopping. Once more to leave at once.\n"
PATIENCE = 0.1  # seconds; what has left by then needs no note that it is leaving


@define
class Interrupts:
    """How this process answers the signals that ask it to stop.

    Attributes:
        cancel: set by a signal while some work is stoppable; else the work is broken off.
        note: what is said then.
        count: signals that came.
        over: nothing is left to break off; signals are ignored.
        broke: work was broken off; whatever is raised from then on comes of that.
    """

    cancel: threading.Event | None = None
    note: str = SAVING
    count: int = 0
    over: bool = False
    broke: bool = False
    _reader: socket.socket = field(init=False)
    _writer: socket.socket = field(init=False)

    def watch(self) -> None:
        """Answer each signal's byte, at once (a thread runs this)."""
        while self._reader.recv(1):
            self.count += 1
            if self.over:
                continue
            if self.count > 1:
                os._exit(INTERRUPTED)
            if self.cancel is not None:
                self.cancel.set()
                _tell(self.note)
            else:
                time.sleep(PATIENCE)
                if not self.over:
                    _tell(LEAVING)

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Break off what cannot be stopped with care (the interpreter calls this)."""
        if self.cancel is None and not self.over:
            self.broke = True
            raise KeyboardInterrupt

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Take the signals over while the block runs."""
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        old = {each: signal.signal(each, self.handle) for each in signals()}
        wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        watcher = threading.Thread(target=self.watch, name="interrupts", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in old.items():
                signal.signal(number, handler)
            self._writer.close()  # the watcher reads the end, and returns
            watcher.join()
            self._reader.close()


_active: list[Interrupts] = []  # of this process; empty where a program calls commands by itself


@contextmanager
def answering() -> Iterator[Interrupts]:
    """Answer signals for as long as the process does anything."""
    interrupts = Interrupts()
    with interrupts.installed():
        _active.append(interrupts)
        try:
            yield interrupts
        finally:
            _active.remove(interrupts)


def broken_off() -> bool:
    """Say whether a signal broke off what this process was at."""
    return bool(_active) and _active[-1].broke


@contextmanager
def stoppable(note: str = SAVING) -> Iterator[threading.Event]:
    """Give an event that signals set while the block runs, instead of breaking it off.

    Args:
        note: said as soon as a signal comes.
    """
    if not _active:
        with answering(), stoppable(note) as cancel:
            yield cancel
        return
    interrupts = _active[-1]
    interrupts.cancel, interrupts.note = threading.Event(), note
    try:
        yield interrupts.cancel
    finally:
        interrupts.cancel = None


def _tell(text: str) -> None:
    with suppress(OSError, ValueError, AttributeError):
        os.write(sys.stderr.fileno(), text.encode())
