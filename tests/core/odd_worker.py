"""A decoding process whose decoder does by a file's name what libsndfile might do by its bytes."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from distill_core.audio import worker
from distill_core.audio.decoding import Block, Decoder

poisoned = False


class OddDecoder(Decoder):
    """Crashes, hangs or eats memory, on opening or after the first block."""

    def __init__(self, path: Path, alive: Callable[[], object]) -> None:
        super().__init__(path, alive)
        if poisoned and path.stem != "first":
            ctypes.string_at(0)
        if "opening" in path.stem:
            self._misbehave()

    def __iter__(self) -> Iterator[Block]:
        for block in super().__iter__():
            yield block
            self._misbehave()

    def _misbehave(self) -> None:
        """Do what the name says."""
        global poisoned  # noqa: PLW0603 - damage to the process is what this is about
        deed = self.path.stem
        if "segfault" in deed:
            ctypes.string_at(0)
        elif "abort" in deed:
            os.abort()
        elif "exit" in deed:
            os._exit(0)
        elif "loop" in deed:
            while True:
                pass
        elif "sleep" in deed:
            time.sleep(3600)
        elif "memory" in deed:
            held = []
            while True:
                held.append(np.ones(1 << 20))
        elif "raise" in deed:
            raise KeyError("a fault\nof ours")
        elif "print" in deed:
            os.write(1, b"libfoo: note\n" * 1000)
            os.write(2, b"libfoo: note\n" * 1000)
        elif "poison" in deed:
            poisoned = True
        elif "slow" in deed:
            time.sleep(0.2)


worker.Decoder = OddDecoder  # type: ignore[misc]
serve = worker.serve
