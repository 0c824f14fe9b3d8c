"""The decoding process as its parent holds it: started, asked, timed and, if need be, ended.

Never multiprocessing: its children import the user's script again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

from ..errors import DistillError
from . import wire
from .pulse import Pulse

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # numpy's, not needed
MODULE = "distill_core.audio.worker"  # its `serve` is what runs there
BOOT = (
    "import sys; from importlib import import_module;"
    " sys.path[:] = sys.argv[2:]; import_module(sys.argv[1]).serve()"
)
START_SECONDS = 60.0  # usually 0.2; a cold network disk may take its time
LIMIT_SECONDS = 30.0  # without a block; one usually takes a millisecond
STEP_SECONDS = 0.25  # of waiting, so that a listener is heard and a sleeping laptop is not counted
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
            self._process = _start()
        except (OSError, ValueError) as error:
            raise _unavailable(str(getattr(error, "strerror", None) or error)) from error
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
            raise _unavailable(f"it was not there after {START_SECONDS:g} s") from None
        if came is None:
            code = self._process.poll()
            raise _unavailable("it does not answer" if code is None else f"it ended with {code}")

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


def _start() -> subprocess.Popen[bytes]:
    """Start the process, apart from the terminal, so that Ctrl-C is the parent's to answer.

    Its stderr goes nowhere: libmpg123 writes notes there about files that it then reads well.
    """
    if not sys.executable:
        raise OSError("no Python interpreter is known (sys.executable is empty)")
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        options["process_group"] = 0
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-P", "-W", "ignore", "-c", BOOT, MODULE, *_search_path()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd=Path(sys.executable).anchor or None,  # it must not keep the user's folder in use
        env=os.environ | dict.fromkeys(ONE_THREAD, "1"),
        **options,
    )


def _search_path() -> list[str]:
    """Say where modules are found: as here, but the user's own folders come last.

    A numpy.py among the sounds, or beside the user's script, must not be taken for numpy.
    """
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    own = {os.path.abspath("")} | ({os.path.dirname(os.path.abspath(script))} if script else set())  # noqa: PTH100, PTH120
    places = [os.path.abspath(place) for place in sys.path if isinstance(place, str)]  # noqa: PTH100
    last = [place for place in places if place in own]
    return [place for place in places if place not in own] + [str(Path(__file__).parents[2]), *last]


def _unavailable(reason: str) -> DistillError:
    """Say that nothing can be decoded at all, which is not the fault of any file."""
    return DistillError(
        f"Sounds cannot be decoded: the decoding process could not be started: {reason}.",
        f"See what this says: {sys.executable} -c 'import {MODULE}'.",
    )
