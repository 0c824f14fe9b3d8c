"""What shells do to a command: pipes whose reader leaves, closed and full streams, odd locales."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..conftest import TINY, Result, call
from ..plugins import environment

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these are a POSIX shell's")
CODEC = TINY[:10]
DISTILL = [sys.executable, "-m", "distill_cli"]
COLORS = re.compile(r"\x1b\[[0-9;]*m")
CODES = "\x1b["


def shell(line: str, env: dict[str, str] | None = None) -> Result:
    """Run a line in the shell; `distill` in it is the real command."""
    script = f'distill() {{ {shlex.join(DISTILL)} "$@"; }}\n{line}'
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, encoding="utf-8",
        errors="replace", timeout=120, check=False, env=None if env is None else os.environ | env,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


def without_reader(*words: object, streams: Sequence[str]) -> int:
    """Run the command with pipes whose reader has left before it began; give its exit code."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        told = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL) | dict.fromkeys(
            streams, writer
        )
        return subprocess.run(
            [*DISTILL, *map(str, words)], timeout=120, check=False, **told
        ).returncode  # fmt: skip
    finally:
        os.close(writer)


@pytest.mark.parametrize("words", [["types"], ["types", "--json"], ["--help"], ["--version"]])
def test_a_reader_that_has_left_is_no_error(words: list[str]) -> None:
    """It had what it wanted; what else would be said goes nowhere."""
    assert without_reader(*words, streams=["stdout"]) == 0
    assert without_reader(*words, streams=["stdout", "stderr"]) == 0
    assert without_reader("types", "--nope", streams=["stderr"]) == 2


def test_head_has_its_line_and_nothing_is_said_at_the_end(kit: Path) -> None:
    """Python itself would add "Exception ignored … BrokenPipeError" and exit with 120."""
    result = shell(f"(distill info {kit}; echo left with $? >&2) | head -1")
    assert result.out.startswith("kit: vqvae 2")
    assert result.err.splitlines()[-1] == "left with 0"
    assert "Exception" not in result.err


@pytest.mark.parametrize("streams", [["stdout"], ["stdout", "stderr"]])
def test_training_goes_on_when_nobody_listens(
    pack: Path, tmp_path: Path, streams: list[str]
) -> None:
    """`train --json | head -1` and `train 2>&1 | head` show the start; the model comes."""
    model = tmp_path / "kit.distill"
    words = ["train", pack, "-o", model, "--steps", "2", "--only", "--json", *CODEC]
    assert without_reader(*words, streams=streams) == 0
    assert model.exists()


def test_closed_streams_spoil_no_file(pack: Path, kit: Path, tmp_path: Path) -> None:
    """Else the next file that is opened has their number, and what is printed goes into it."""
    wave = min(pack.glob("kick*"))
    assert call("reconstruct", kit, wave, "-o", tmp_path / "plain", "--threads", "1").code == 0
    line = f"distill -v reconstruct {kit} {wave} --threads 1 -o {tmp_path}/closed"
    assert shell(f"{line} <&- >&- 2>&-").code == 0
    one, two = tmp_path / "plain" / wave.name, tmp_path / "closed" / wave.name
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_exit_code(closed: str) -> None:
    """Daemons and cron jobs have them closed."""
    assert shell(f"distill types --json {closed}").code == 0
    assert shell(f"distill types --nope {closed}").code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
@pytest.mark.parametrize("words", ["types", "types --json", "--help", "--version"])
def test_a_full_stdout_is_told_in_one_line(words: str) -> None:
    """A script must not take nothing for an empty list."""
    result = shell(f"distill {words} >/dev/full")
    assert (result.code, result.out) == (5, "")
    (line,) = result.err.splitlines()
    assert line.startswith("Error: ")
    assert "No space left on device" in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_stdout_costs_no_training(pack: Path, tmp_path: Path) -> None:
    """The lines are lost, the model is not; and it is told at the end."""
    model = tmp_path / "kit.distill"
    words = ["train", pack, "-o", model, "--steps", "2", "--only", "--json", *CODEC]
    result = shell(f"distill {shlex.join(map(str, words))} >/dev/full")
    assert result.code == 5
    assert "standard output" in result.err.splitlines()[-1]
    assert model.exists()
    assert shell("distill types >/dev/full 2>/dev/full").code == 5


LOCALES = {
    "posix": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin": {"PYTHONIOENCODING": "latin-1"},
}


@pytest.mark.parametrize("name", LOCALES)
def test_json_is_the_same_in_every_locale(pack: Path, tmp_path: Path, name: str) -> None:
    """Names that the locale cannot spell, and names that are no Unicode at all."""
    folder = tmp_path / "klänge"
    folder.mkdir()
    names = [b"\xff\xfe.wav", "ü\u3000🥁.wav".encode(), b"two\nlines\x1b[31m.wav"]
    for each in names:
        (folder / os.fsdecode(each)).write_text("no sound")
    shutil.copy(min(pack.glob("kick*")), folder / "fine.wav")
    result = shell(f"distill scan {shlex.quote(str(folder))} --json", LOCALES[name])
    assert (result.code, result.err) == (0, "")
    assert result.out.isascii()
    told = {each["path"] for each in json.loads(result.out)["skipped"]}
    assert told == {"\\xff\\xfe.wav", "ü\u3000🥁.wav", "two\nlines\x1b[31m.wav"}


def test_nothing_but_json_comes_on_stdout(pack: Path, tmp_path: Path) -> None:
    """Whatever plugins print, through Python or past it, a reader of the lines stays sane."""
    words = ["train", pack, "-o", tmp_path / "kit.distill", "--steps", "2", "--only", "--json"]
    done = subprocess.run(
        [*DISTILL, *map(str, words), *CODEC], capture_output=True, text=True, timeout=120,
        env=environment(tmp_path, "chatty"), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][-1] == "done"
    for heard in ("heard started", "heard it past Python", "heard it in a child"):
        assert heard in done.stderr


@pytest.mark.parametrize("words", ["types --nope", "types"])
def test_no_codes_where_there_is_no_terminal(words: str) -> None:
    """They would be all over a log."""
    result = shell(f"distill {words}", {"TERM": "xterm-256color", "CLICOLOR": "1"})
    assert CODES not in result.out + result.err


def on_a_terminal(*words: object, **settings: str) -> tuple[int, str]:
    """Run the command on a terminal of its own; give its exit code and all that it showed."""
    import pty

    main, side = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "CI"}}
    terminal = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(
        [*DISTILL, *map(str, words)], stdin=side, stdout=side, stderr=side,
        env=env | terminal | settings,
    ) as process:  # fmt: skip
        os.close(side)
        shown = b""
        while True:
            try:
                piece = os.read(main, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
    os.close(main)
    return process.returncode, shown.decode()


@pytest.mark.parametrize(
    ("settings", "flags", "colored"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),  # https://no-color.org: when not empty
        ({}, ["--no-color"], False),
        ({"TERM": "dumb"}, [], False),
    ],
)
def test_colours_are_for_terminals_whose_owner_wants_them(
    settings: dict[str, str], flags: list[str], colored: bool
) -> None:
    """NO_COLOR is what people set once and for all."""
    code, shown = on_a_terminal(*flags, "types", "--nope", **settings)
    assert code == 2
    assert "There is no option --nope." in shown
    assert bool(COLORS.search(shown)) == colored


@pytest.mark.parametrize(
    ("settings", "moves"),
    [({}, True), ({"TERM": "dumb"}, False), ({"COLUMNS": "1", "NO_COLOR": "1"}, True)],
)
def test_progress_moves_on_a_terminal(
    pack: Path, tmp_path: Path, settings: dict[str, str], moves: bool
) -> None:
    """And is gone afterwards; what is said stays, a line each."""
    words = ["train", pack, "-o", tmp_path / "kit.distill", "--steps", "2", "--only", *CODEC]
    code, shown = on_a_terminal(*words, **settings)
    assert code == 0, shown
    assert (CODES in shown) == moves
    assert not COLORS.search(shown) or not settings.keys() & {"NO_COLOR", "TERM"}
    assert "Saved vqvae after 2 steps" in shown
