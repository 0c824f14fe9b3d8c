"""The decoding process as its parent holds it: started, asked, timed and, if need be, ended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread

from . import wire
from .launching import launch, unavailable
from .pulse import Pulse

START_SECONDS = 60.0  # usually 0.2; a cold network disk may take its time
LIMIT_SECONDS = 30.0  # without a block; one usually takes a millisecond
STEP_SECONDS = 0.1  # of waiting; steps are counted, so that a laptop may sleep in one
AHEAD = 4  # blocks that are read before they are wanted
END_SECONDS = 5.0  # for a killed process to be gone


class CrashedError(Exception):
    """The process died, or talks nonsense."""


class TooLongError(Exception):
    """Nothing came from the process within the time limit."""


class DecoderProcess:
    """One decoding process, used by one thread at a time.

    Attributes:
        files: how many it was asked for.
        busy: an answer is not complete, so it cannot be asked again.
    """

    def __init__(self) -> None:
        """Start it; that it came up is seen with the first answer.

        Raises:
            DistillError: it cannot be started.
        """
        self.files = 0
        self.busy = False
        self._ended = Event()
        self._reader = Thread()
        try:
            self._process = launch()
        except (OSError, ValueError) as error:
            raise unavailable(str(getattr(error, "strerror", None) or error)) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    @property
    def alive(self) -> bool:
        """Tell whether the process is there."""
        return self._process.poll() is None

    def answer(self, kind: bytes, path: Path, pulse: Pulse) -> Generator[wire.Frame, None, None]:
        """Ask for a file and yield the answer's frames, ALIVE ones left out.

        Raises:
            CrashedError: the process died.
            TooLongError: nothing came for LIMIT_SECONDS.
            DistillError: the process never came up.
        """
        self.files += 1
        self.busy = True
        request = wire.HEAD.pack(kind, len(name := os.fsencode(path.absolute()))) + name
        frames: Queue[wire.Frame | None] = Queue(AHEAD)
        self._reader = Thread(target=self._read, args=(frames, self.files == 1), daemon=True)
        self._reader.start()
        if self.files == 1:
            self._await_greeting(frames, pulse)
        with suppress(OSError):  # a process that is gone is noticed below
            self._stdin.write(request)
        while True:
            frame = self._next(frames, pulse, LIMIT_SECONDS)
            if frame is None:
                raise CrashedError
            if frame.kind in wire.LAST:
                self._reader.join()
                self.busy = frame.kind == wire.FAILED
            if frame.kind != wire.ALIVE:
                yield frame
            if frame.kind in wire.LAST:
                return

    def end(self) -> None:
        """Kill the process, whatever it does, and take away all that belongs to it."""
        self._ended.set()
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # it hangs in the kernel, on a lost disk
            self._process.wait(END_SECONDS)
            if self._reader.is_alive():
                self._reader.join()
            self._close()

    def forget(self) -> None:
        """Let go of it in a forked child: there it is the parent's."""
        self._process.returncode = 0  # otherwise Popen would wait for it
        self._close()

    def _close(self) -> None:
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()

    def _await_greeting(self, frames: Queue[wire.Frame | None], pulse: Pulse) -> None:
        """Wait until a process that was just started has all that it needs."""
        try:
            came = self._next(frames, pulse, START_SECONDS)
        except TooLongError:
            raise unavailable(f"it was not there after {START_SECONDS:g} s") from None
        if came is None:
            try:
                code = self._process.wait(1.0)
            except subprocess.TimeoutExpired:
                raise unavailable("it does not answer") from None
            raise unavailable(f"it ended with {code}")

    def _next(
        self, frames: Queue[wire.Frame | None], pulse: Pulse, limit: float
    ) -> wire.Frame | None:
        """Wait for a frame; None when the process is gone."""
        waited = 0.0
        while True:
            pulse.beat()
            try:
                return frames.get(timeout=min(STEP_SECONDS, limit))
            except Empty:
                waited += min(STEP_SECONDS, limit)
            if waited >= limit:
                raise TooLongError

    def _read(self, frames: Queue[wire.Frame | None], greeted: bool) -> None:
        """Read one answer, in a thread, since not every system can wait for a pipe with a limit."""
        with suppress(EOFError, OSError, ValueError):
            if greeted:
                wire.skip_to_hello(self._stdout)
                self._put(frames, wire.Frame(wire.ALIVE, b""))
            while not self._ended.is_set():
                frame = wire.read_frame(self._stdout)
                self._put(frames, frame)
                if frame.kind in wire.LAST:
                    return
        self._put(frames, None)

    def _put(self, frames: Queue[wire.Frame | None], frame: wire.Frame | None) -> None:
        """Put a frame in, unless nobody will take it any more."""
        while not self._ended.is_set():
            with suppress(Full):
                frames.put(frame, timeout=STEP_SECONDS)
                return
