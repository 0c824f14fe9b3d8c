"""`distill plugins --check`: each model type learns, saves, loads and plays, and is judged."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..plugins import BROKEN, environment

TRYING = "Trying hush (distill-hush-fixture)\n"


def start(
    home: Path, *words: str, plugins: tuple[str, ...], **settings: str
) -> subprocess.Popen[str]:
    """Start `distill plugins` with some fixtures, and without the built-in types."""
    return subprocess.Popen(
        [sys.executable, "-m", "distill_cli", "plugins", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", cwd=home,
        env=environment(home, *plugins) | settings,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for its end."""
    out, err = process.communicate()
    return process.returncode, out, err


def test_what_can_be_imported_and_fails_at_its_work_is_found(tmp_path: Path) -> None:
    """That an import ends well says little; the report is whole, and the exit code is 6."""
    plugins = ("good", "fickle", "command", "listener")
    told = {
        "DISTILL_BACKENDS": "distill-hush-fixture,distill-fickle-fixture",
        "FICKLE": "distill_generate raises",
    }
    code, out, err = ended(start(tmp_path, "--check", "--json", plugins=plugins, **told))
    assert code == 6, err
    rows = {row["name"]: row for row in json.loads(out)["plugins"]}
    assert {name: row["ok"] for name, row in rows.items()} == {
        "fickle": False, "hush": True, "whisper": True, "listener": True,
    }  # fmt: skip
    assert "failed in distill_generate: ValueError: a fickle mood" in rows["fickle"]["reason"]
    assert "pip uninstall distill-fickle-fixture" in rows["fickle"]["cure"]
    assert TRYING in err
    assert "Error: 1 of 4 plugins cannot be used: fickle." in err
    code, out, _ = ended(start(tmp_path, "--json", plugins=plugins, **told))
    assert code == 0
    assert all(row["ok"] for row in json.loads(out)["plugins"])


def test_where_all_goes_well_it_says_so(tmp_path: Path) -> None:
    """A table for people, who saw meanwhile what was tried; nothing of it is left on the disk."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    told = {"DISTILL_BACKENDS": "distill-hush-fixture", "TMPDIR": str(temporary)}
    code, out, err = ended(start(tmp_path, "--check", plugins=("good",), **told))
    assert (code, err) == (0, TRYING)
    assert out.splitlines()[1].split() == ["hush", "backend", "distill-hush-fixture", "0.3.0", "ok"]
    assert not list(temporary.glob("distill-*"))  # torch leaves a folder of its own


def test_what_cannot_be_imported_fails_too(tmp_path: Path) -> None:
    """The same reasons and cures as without --check, and the same report; nothing is tried."""
    told = {"plugins": BROKEN, "DISTILL_BACKENDS": "distill-raises-fixture,distill-quits-fixture"}
    code, out, err = ended(start(tmp_path, "--check", "--json", **told))
    plain = ended(start(tmp_path, "--json", **told))
    assert (code, out) == (6, plain[1])
    assert err.endswith(
        "Error: 2 of 2 plugins cannot be used: grumble, vanish. Each has its cure in the report.\n"
    )
    assert plain[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    """At any moment of it: while torch is imported, while something is trained."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    told = {"DISTILL_BACKENDS": "distill-hush-fixture", "TMPDIR": str(temporary)}
    process = start(tmp_path, "--check", "--json", plugins=("good",), **told)
    assert process.stderr is not None
    assert process.stderr.readline() == TRYING
    process.send_signal(signal.SIGINT)
    code, out, err = ended(process)
    assert (code, out) == (130, "")
    assert err.endswith("Error: Interrupted.\n")
    assert "Traceback" not in err
    assert not list(temporary.glob("distill-*"))


def test_its_help_tells_all_three_things_that_it_does(tmp_path: Path) -> None:
    """Listing, trying, and beginning one's own."""
    code, out, err = ended(start(tmp_path, "--help", plugins=()))
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert "Usage: distill plugins [OPTIONS] [new NAME DIR]" in words
    assert "exit 6 if any fails" in words
    assert "new Begin a backend of your own" in words
