"""A disk that fails, or a process that ends, at any operation by which a file is written.

The operations are opening, writing, closing, syncing, changing the mode and moving.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

Fault = Callable[[str], None]


class Written(io.FileIO):
    """A file whose opening, writes and closing are operations."""

    fault: Fault

    def __init__(self, path: Any, fault: Fault) -> None:
        self.fault = lambda _: None  # until it is open
        fault("open")
        super().__init__(path, "wb")
        self.fault = fault

    def write(self, data: Any) -> int:
        self.fault("write")
        return super().write(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self.fault("close")


@contextmanager
def operations(meet: Fault) -> Iterator[None]:
    """Let `meet` know of every operation before it is made (of a closing: after it)."""
    real = {name: getattr(os, name) for name in ("open", "close", "fsync", "chmod", "replace")}
    real_open = io.open

    def made(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "close":
            real[name](*arguments)
            return meet(name)
        meet(name)
        return real[name](*arguments, **more)

    def opened(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        if mode != "wb":
            return real_open(file, mode, *arguments, **more)
        return io.BufferedWriter(Written(file, meet))

    try:
        for name in real:
            setattr(os, name, partial(made, name))
        io.open = opened
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)
        io.open = real_open


class Counter:
    """Counts operations, and does something at one of them."""

    def __init__(self, at: int = 0, then: Callable[[], None] | None = None) -> None:
        self.met: list[str] = []
        self.at, self.then = at, then

    def __call__(self, operation: str) -> None:
        self.met.append(operation)
        if len(self.met) == self.at:
            assert self.then is not None
            self.then()


def outcome(writer: Callable[[Path], None], target: Path, meet: Fault) -> OSError | None:
    """Write, and give what it raised."""
    try:
        with operations(meet):
            writer(target)
    except OSError as error:
        return error
    return None


def fail(code: int) -> None:
    """Be a disk that has a fault."""
    raise OSError(code, os.strerror(code))
