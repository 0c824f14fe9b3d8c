"""Decode sound files in another process: a crash of the decoder costs one file, not the run.

What crashed, hung or took too much memory is never remembered as the file's fault for good: on
another day, with another libsndfile, it may be read. Letters: C channels, T samples.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType

import numpy as np

from ..errors import AudioError
from . import wire
from .decoding import Block, Facts
from .process import CrashedError, DecoderProcess, TooLongError
from .pulse import Pulse

MOST_FILES = 500  # for one process: what libsndfile leaks with bad files shall not add up
MOST_IDLE = 2

_all: set[DecoderProcess] = set()
_idle: list[DecoderProcess] = []  # append and pop are atomic, so threads need no lock


class DecoderLostError(AudioError):
    """The decoder crashed, hung or ran out of memory; the message is the bare reason."""


class IsolatedDecoder:
    """What `Decoder` does, in another process: yields float32 blocks `[C, T_i]`, in bounded steps.

    Raises:
        AudioError: on opening or while reading; its message is the bare reason, without the path.
        DecoderLostError: (an AudioError) the decoder did not survive the file.
        DistillError: no process can be started.
    """

    def __init__(self, path: Path, pulse: Pulse | None = None, *, samples: bool = True) -> None:
        """Open the file.

        Args:
            path: of the sound.
            pulse: beaten while the file is waited for.
            samples: False for the facts alone; no blocks come then.
        """
        self._path, self._pulse = path, pulse or Pulse()
        self._kind = wire.SAMPLES if samples else wire.FACTS
        self._facts: Facts | None = None
        self._process = _borrow()
        self._frames = self._answer()
        try:
            opened = json.loads(next(self._frames).payload)
        except BaseException:
            _give_back(self._process)
            raise
        self.sample_rate: int = opened["sample_rate"]
        self.channels: int = opened["channels"]

    def __enter__(self) -> IsolatedDecoder:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the process; one that is still at the file ends."""
        self._frames.close()
        _give_back(self._process)

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks `[C, T_i]` as they come."""
        for frame in self._frames:
            if frame.kind == wire.BLOCK:
                yield np.frombuffer(frame.payload, np.float32).reshape(self.channels, -1)
            elif frame.kind == wire.DONE:
                self._facts = Facts(**json.loads(frame.payload))

    def facts(self) -> Facts:
        """Sum up after the last block; `reason` is set for what is too short or silent."""
        if self._facts is None:
            raise RuntimeError("facts are known after the last block")
        return self._facts

    def _answer(self) -> Generator[wire.Frame, None, None]:
        """Ask for the file; when the process fails that read others before, ask a new one.

        An earlier file may have left the damage that this one met, so only a process that had no
        other file says for sure whose fault it is.
        """
        came = 0
        while True:
            first = self._process.files == 0
            try:
                with closing(self._process.answer(self._kind, self._path, self._pulse)) as frames:
                    for number, frame in enumerate(frames):
                        _check(frame, first)
                        if number >= came:
                            came += 1
                            yield frame
                return
            except CrashedError:
                if first:
                    raise DecoderLostError("the decoder crashed on it") from None
            except TooLongError:
                raise DecoderLostError("took too long to decode") from None
            _end(self._process)
            self._process = _start()


def measure(path: Path, pulse: Pulse | None = None) -> Facts:
    """Decode a whole file for its facts alone, in bounded memory.

    Returns:
        The facts; for a file that cannot be decoded, only the reason.

    Raises:
        DecoderLostError: the decoder did not survive it, which need not be so another time.
    """
    try:
        with IsolatedDecoder(path, pulse, samples=False) as decoder:
            for _ in decoder:
                pass
            return decoder.facts()
    except DecoderLostError:
        raise
    except AudioError as error:
        return Facts(reason=error.message)


def _check(frame: wire.Frame, first: bool) -> None:
    """Raise what an answer says instead of sound."""
    if frame.kind == wire.REFUSED:
        raise AudioError(frame.payload.decode())
    if frame.kind == wire.FAILED:
        raise DecoderLostError(frame.payload.decode()) if first else CrashedError


def _borrow() -> DecoderProcess:
    """Take an idle process, or start one."""
    while _idle:
        with suppress(IndexError):  # another thread was faster
            process = _idle.pop()
            if process.alive:
                return process
            _end(process)
    return _start()


def _give_back(process: DecoderProcess) -> None:
    """Keep a process for the next file, unless it is not at rest."""
    spent = process.busy or process.files >= MOST_FILES or len(_idle) >= MOST_IDLE
    if spent or process not in _all:  # in a forked child it is not ours
        _end(process)
    else:
        _idle.append(process)


def _start() -> DecoderProcess:
    process = DecoderProcess()
    _all.add(process)
    return process


def _end(process: DecoderProcess) -> None:
    _all.discard(process)
    process.end()


def _end_all() -> None:
    """Leave no process behind when the interpreter ends."""
    _idle.clear()
    for process in list(_all):
        _end(process)


def _forget_all() -> None:
    """Let go, in a forked child, of the processes of its parent."""
    _idle.clear()
    for process in list(_all):
        process.forget()
    _all.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
