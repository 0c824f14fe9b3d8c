"""What people see: data on stdout, messages and progress on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click
from attrs import define
from distill_core.errors import one_line, printable, unbroken

from .streams import Tolerant, data_only, write

if TYPE_CHECKING:
    from rich.console import Console


@define
class Screen:
    """The way out for everything a command says.

    Attributes:
        quiet: leave out what is not asked for.
        verbose: say more.
        color: whether colours may be used.
        live: rich's console while something moves on it, so that lines go above what moves.
        out: where data goes while a command of ours runs, else stdout.
        lost: the fault of stdout, after which nothing more was written to it.
    """

    quiet: bool = False
    verbose: bool = False
    color: bool = True
    live: Console | None = None
    out: TextIO | None = None
    lost: OSError | None = None

    def say(self, message: str) -> None:
        """Tell something on the way, on stderr."""
        if not self.quiet:
            self._tell(one_line(message))

    def detail(self, message: str) -> None:
        """Tell something that only -v asks for; it may have several lines."""
        if self.verbose:
            self._tell("\n".join(map(printable, message.split("\n"))))

    def warn(self, message: str) -> None:
        """Tell a warning, also when quiet."""
        self._tell(self._styled("Warning:", fg="yellow") + f" {one_line(message)}")

    def fail(self, message: str) -> None:
        """Tell why nothing more will happen."""
        self._tell(self._styled("Error:", fg="red") + f" {one_line(message)}")

    def data(self, value: Any) -> None:
        """Write one JSON value to stdout; in ASCII, which every locale and any name survives."""
        self._put(json.dumps(value, indent=2, allow_nan=False))

    def line(self, value: Any) -> None:
        """Write one JSON value to stdout on a line of its own."""
        self._put(json.dumps(value, allow_nan=False))

    def text(self, message: str) -> None:
        """Write a line of what was asked for to stdout, for people."""
        self._put(unbroken(message))

    def _put(self, text: str) -> None:
        """Write to stdout, whole lines only; a fault of it ends no work, but is told at the end."""
        if self.lost is None:
            self.lost = write(sys.stdout if self.out is None else self.out, text + "\n")

    @contextmanager
    def keeping_stdout(self) -> Iterator[None]:
        """Keep stdout for data while a command of ours runs: what others print goes to stderr."""
        if self.out is not None:  # a command within a group, which keeps it already
            yield
            return
        with data_only() as out:
            self.out = out
            try:
                yield
            finally:
                self.out = None

    def table(self, heads: list[str], rows: list[list[str]]) -> None:
        """Write rows in columns to stdout."""
        widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
        for row in [heads, *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.text("  ".join(cells).rstrip())

    def console(self) -> Console:
        """Give rich's console on stderr, for progress."""
        from rich.console import Console

        stream: Any = Tolerant(sys.stderr)
        return Console(file=stream, no_color=not self.color, quiet=self.quiet)

    @property
    def animates(self) -> bool:
        """Say whether progress may move: only on a terminal, and on one that can."""
        return sys.stderr.isatty() and not _is_dumb() and not self.quiet

    def _tell(self, message: str) -> None:
        if self.live is None:
            write(sys.stderr, message + "\n")
        else:
            from rich.text import Text

            self.live.print(Text.from_ansi(message), soft_wrap=True)

    def _styled(self, text: str, fg: str) -> str:
        return click.style(text, fg=fg, bold=True) if self.color and sys.stderr.isatty() else text


def current() -> Screen:
    """Give the screen of the command that runs."""
    return click.get_current_context().find_object(Screen) or Screen()


def wants_color(no_color: bool) -> bool:
    """Follow --no-color and https://no-color.org; a dumb terminal would show the codes."""
    return not no_color and not os.environ.get("NO_COLOR") and not _is_dumb()


def _is_dumb() -> bool:
    return os.environ.get("TERM") in {"dumb", "unknown"}


def counted(count: Any, what: str) -> str:
    """Write how many there are of something: 1 file, 2 files."""
    return f"{count} {what}{'s' * (count != 1)}"


def beyond_full_scale(path: Any, samples: int) -> str:
    """Say that samples of a sound were beyond full scale, and what was done."""
    were = "was" if samples == 1 else "were"
    told = f"{counted(samples, 'sample')} {were} beyond full scale"
    return f"{path}: {told}; turned down as a whole."


def seconds(value: float) -> str:
    """Write a length of time for people: 0.25 s, 12.3 s, 5:34, 1:02:03."""
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    whole = round(value)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
