"""Folders as people have them: good sounds with damaged ones among them, or no sound at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from distill_core.audio import isolation, launching

from ..conftest import TINY, Result
from ..core.corpus import encoded, mp3_with_junk_within
from ..core.sounds import RATE, tone

Distill = Callable[..., Result]
DAMAGED = {
    "cut.wav": "cut (at least ",
    "empty.ogg": "empty",
    "kicks/silence.flac": "silent (",
    "nan.aiff": "non-finite (",
    "text.mp3": "unreadable (",
}
STEPS = ["--steps", "2", "--only", "--seed", "1", *TINY[:10]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out 95 good one-shots and five that are damaged, each in its own way."""
    top = tmp_path_factory.mktemp("odd") / "my kicks"
    (top / "kicks").mkdir(parents=True)
    rng = np.random.default_rng(0)
    t = np.arange(round(0.2 * RATE)) / RATE
    for number in range(95):
        kick = np.sin(2 * np.pi * (40 + number) * t + rng.random()) * np.exp(-20 * t)
        soundfile.write(top / "kicks" / f"{number:02d}.wav", 0.5 * kick, RATE)
    nan = np.where(np.arange(9600) == 9000, np.nan, 0.1)[:, None]
    (top / "cut.wav").write_bytes(encoded("wav")[:20_001])
    (top / "empty.ogg").write_bytes(b"")
    (top / "kicks" / "silence.flac").write_bytes(encoded("flac", np.zeros((9600, 2))))
    (top / "nan.aiff").write_bytes(encoded("aiff", nan, subtype="FLOAT"))
    (top / "text.mp3").write_text("la la la")
    (top / "notes.txt").write_text("no sound, and not meant to be one")
    return top


def command(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    line = [sys.executable, "-m", "distill_cli", *map(str, words)]
    return subprocess.run(
        line, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, env=os.environ
    )


def test_95_good_and_5_damaged_files_scan_and_list_exactly_the_five(folder: Path) -> None:
    """Done when, line 1: each skip with its reason, and nothing else skipped."""
    done = command("scan", "my kicks", "--json", cwd=folder.parent)
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (told["found"], told["used"], told["ignored"]) == (100, 95, 1)
    assert [each["path"] for each in told["skipped"]] == sorted(DAMAGED)
    assert all(each["reason"].startswith(DAMAGED[each["path"]]) for each in told["skipped"])


def test_95_good_and_5_damaged_files_train_and_list_exactly_the_five(
    distill: Distill, folder: Path, tmp_path: Path
) -> None:
    """Done when, line 1: who trains without a scan must learn it too, on the screen as in JSON."""
    model = tmp_path / "kicks.distill"
    done = command("train", folder, "-o", model, "--json", *STEPS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    listed = [
        each["message"]
        for each in events
        if each["event"] == "warning" and " was skipped: " in each["message"]
    ]
    for message, (name, reason) in zip(listed, sorted(DAMAGED.items()), strict=True):
        assert message.startswith(f"{name} was skipped: {reason}")
    assert set(listed) <= set(events[-1]["warnings"])
    assert model.is_file()
    seen = distill("train", folder, "-o", tmp_path / "again.distill", *STEPS)
    assert seen.code == 0
    assert [line for line in seen.err.splitlines() if " was skipped: " in line] == [
        f"Warning: {message}" for message in listed
    ]


@pytest.mark.parametrize("content", [{}, {"notes.txt": "hello", "more/todo.md": "# Kicks"}])
def test_a_folder_without_sounds_exits_3_with_a_whole_report(
    distill: Distill, tmp_path: Path, content: dict[str, str]
) -> None:
    """Done when, line 1: an empty folder, and one with nothing but text files."""
    data = tmp_path / "data"
    data.mkdir()
    for name, text in content.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_text(text)
    result = distill("scan", data, "--json")
    told = json.loads(result.out)
    assert result.code == 3
    assert (told["found"], told["used"], told["ignored"]) == (0, 0, len(content))
    assert (told["skipped"], told["held_out"], told["seconds"]) == ([], [], 0)
    assert distill("scan", data).out.startswith("Found      0 sound files")
    for words in ((), ("--json",)):
        refused = distill("train", data, "-o", tmp_path / "a.distill", *words)
        assert (refused.code, refused.out) == (3, "")
        assert len(refused.err.splitlines()) == 1
        assert str(data) in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_folder_of_damaged_sounds_only_exits_3_and_says_why(
    distill: Distill, tmp_path: Path
) -> None:
    """The report is whole all the same; training names the first, and where the rest is listed."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("a.wav", "b.wav"):
        (data / name).write_bytes(encoded("wav")[:5000])
    result = distill("scan", data, "--json")
    assert result.code == 3
    assert [skip["path"] for skip in json.loads(result.out)["skipped"]] == ["a.wav", "b.wav"]
    refused = distill("train", data, "-o", tmp_path / "a.distill")
    assert (refused.code, refused.out) == (3, "")
    assert "a.wav: cut (" in refused.err
    assert "and 1 more" in refused.err
    assert "distill scan" in refused.err


def test_the_decoders_own_notes_are_not_shown(tmp_path: Path) -> None:
    """libmpg123 writes to stderr behind everybody's back about files that it then reads well."""
    (tmp_path / "radio.mp3").write_bytes(mp3_with_junk_within())
    soundfile.write(tmp_path / "b.wav", tone(0.6), RATE)
    done = command("scan", tmp_path, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["used"] == 2
    assert done.stderr == ""


def test_reconstructing_survives_a_file_that_kills_the_decoder(
    distill: Distill, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files behind it are done, and the exit code says that one is missing."""
    isolation._end_all()
    monkeypatch.setattr(launching, "MODULE", "tests.core.odd_worker")
    files = [tmp_path / f"{name}.wav" for name in ("a", "segfault", "z")]
    for file in files:
        soundfile.write(file, tone(0.6), RATE)
    result = distill("reconstruct", kit, *files, "-o", tmp_path / "out", "--json")
    isolation._end_all()
    told = json.loads(result.out)
    assert result.code == 7
    assert [each["path"] for each in told["files"]] == [str(files[0]), str(files[2])]
    (failed,) = told["failed"]
    assert failed["path"] == str(files[1])
    assert "the decoder crashed on it" in failed["reason"]
