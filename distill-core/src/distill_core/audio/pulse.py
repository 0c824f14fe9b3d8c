"""Tell now and then, while one long file is worked on, that work goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 0.5  # seconds between two beats, at least


class StoppedError(Exception):
    """The listener raised `reason`, which ends the work.

    In its own wrapping, so that nobody on the way takes a listener's OSError for a bad disk.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Pulse:
    """Calls a listener at most every half second.

    Raises:
        StoppedError: on a beat, when the listener raised; `open_each` takes it off again.
    """

    def __init__(self, listener: Callable[[], object] | None = None) -> None:
        """Begin now: the first beat is due in half a second."""
        self._listener = listener
        self._last = time.monotonic()

    def beat(self) -> None:
        """Call the listener if it is due; cheap enough for inner loops."""
        if self._listener is None:
            return
        now = time.monotonic()
        if now - self._last >= EVERY:
            self._last = now
            try:
                self._listener()
            except Exception as error:
                raise StoppedError(error) from error
