"""Ctrl-C: say so at once, let the step finish and save; a second time leaves at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTE = "\nStopping: finishing the step and saving. Once more to leave at once.\n"


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set while the block runs.

    A Python signal handler waits for the running kernel; the interpreter's wakeup descriptor does
    not, so a watcher thread on its other end answers within milliseconds.
    """
    cancel = threading.Event()
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        while reader.recv(1):
            if cancel.is_set():
                os._exit(INTERRUPTED)
            cancel.set()
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), NOTE.encode())

    old_handlers = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    old_wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=watch, name="interrupts", daemon=True)
    watcher.start()
    try:
        yield cancel
    finally:
        signal.set_wakeup_fd(old_wakeup)
        for number, handler in old_handlers.items():
            signal.signal(number, handler)
        writer.close()  # the watcher reads the end, and returns
        watcher.join()
        reader.close()
