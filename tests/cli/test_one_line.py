"""Whatever text goes into an error, a warning or a report, it stays within its line."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from distill_cli.exits import guarded
from distill_cli.screen import Screen
from distill_core.errors import (
    AudioError,
    BackendError,
    ConfigError,
    DatasetError,
    DistillError,
    DivergedError,
    ModelFileError,
    PartialError,
    StorageError,
)
from distill_core.header import read_header
from distill_core.modelfile import read_model_file, write_model_file

from ..conftest import Result, call
from .test_exit_codes import CONTROL, one_error

CLASSES = {
    ConfigError: 2, DatasetError: 3, AudioError: 3, ModelFileError: 4, StorageError: 5,
    BackendError: 6, PartialError: 7, DivergedError: 8,
}  # fmt: skip
HOSTILE = [
    "two\nlines", "a\r\nb", "\x1b[2J\x1b[31mred", "bell\a", "tab\there", "null\0", "\u2028 \u2029",
    "half \udcff", "\u202eright to left", "x" * 10_000, "\n\n", "",
]  # fmt: skip


def told_by(error: BaseException) -> Result:
    """Send an error through the door."""

    def fail() -> None:
        raise error

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = guarded(fail, Screen(color=False))
    return Result(code, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", CLASSES)
def test_whatever_went_into_an_error_it_is_one_line(kind: type[DistillError], text: str) -> None:
    """File names, headers and exceptions of strangers may hold anything."""
    result = told_by(kind(f"It was {text}", "Do that."))
    line = one_error(result, CLASSES[kind])
    assert line.endswith("Do that.")
    assert len(line) < 1100


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda text: OSError(errno.ENOSPC, "No space left on device", text), 5),
        (click.UsageError, 2),
        (click.BadParameter, 2),
        (OSError, 6),
    ],
)
def test_whatever_the_system_or_click_tells_is_one_line(
    make: Callable[[str], BaseException], code: int, text: str
) -> None:
    """A full disk is told with its place, also where a stranger named the place."""
    one_error(told_by(make(text)), code)


def test_a_file_name_that_draws_on_the_terminal_does_not(
    pack: Path, kit: Path, tmp_path: Path
) -> None:
    """Neither in errors nor in warnings nor in reports."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    evil = "a\nb\x1b[2J.wav"
    (folder / evil).write_text("no sound")
    shutil.copy(next(pack.glob("kick*")), folder / "good.wav")
    for words in (["scan", folder], ["reconstruct", kit, folder / evil, "-o", tmp_path / "r"]):
        result = call(*words)
        assert not CONTROL.search(result.out + result.err)
        assert "a b\ufffd[2J.wav" in result.out + result.err
    assert "a b\ufffd[2J.wav" in one_error(call("scan", folder / ".." / evil), 2)
    told = json.loads(call("scan", folder, "--json").out)
    assert told["skipped"][0]["path"] == evil


def test_a_model_name_that_draws_on_the_terminal_does_not(kit: Path, tmp_path: Path) -> None:
    """A stranger wrote the header."""
    file, model = read_model_file(kit), tmp_path / "m.distill"
    told = {"name": "\x1b[31mkit\nError: all is lost", "created": "\x1b[2J\n"}
    write_model_file(model, file.header.told | told, file.parts())
    for words in (["info", model], ["generate", model, "--temperature", "9"], ["info", "m\n"]):
        result = call(*words)
        assert not CONTROL.search(result.out + result.err)
    assert json.loads(call("info", model, "--json").out)["name"] == told["name"]
    assert read_header(model).told["name"] == told["name"]
