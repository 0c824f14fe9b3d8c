"""What a message advises to type works as it was printed, also where names have blanks."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from distill_core.training.folder import STOPPED, RunFolder

from ..conftest import TINY, Result

Distill = Callable[..., Result]


@pytest.fixture
def here(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder whose sounds lie in one with blanks in its name."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(pack, "my sounds")
    return tmp_path


def advised(text: str, start: str) -> list[str]:
    """Read the command that a message ends with, as the shell would."""
    found = re.search(f"distill ({start}.*?)(?: \\(or .*)?$", text.strip())
    assert found, text
    return shlex.split(found[1].rstrip("."))


def test_a_stopped_run_is_gone_on_with_as_advised(distill: Distill, here: Path) -> None:
    """Ctrl-C, and then the line that was printed."""
    assert distill("train", "my sounds", "-o", "my kit.distill", "--steps", "2", *TINY).code == 0
    RunFolder.beside(here / "my kit.distill").mark(STOPPED, 1.0)
    refused = distill("train", "my sounds", "-o", "my kit.distill", "--force", *TINY)
    assert refused.code == 2
    assert distill(*advised(refused.err, "train --resume")).code == 0


def test_a_folder_of_which_nothing_can_be_used_is_scanned_as_advised(
    distill: Distill, here: Path
) -> None:
    """The one who has a messy folder needs that command most."""
    for name in ("bad takes", "worse takes"):
        (here / name).mkdir()
        (here / name / "a b.wav").write_text("no sound")
    refused = distill("train", "bad takes", "worse takes", "-o", "kit.distill")
    assert refused.code == 3
    listed = distill(*advised(refused.err, "scan"))
    assert "bad takes/a b.wav: unreadable" in listed.out
    assert "worse takes/a b.wav: unreadable" in listed.out


def test_what_scan_was_told_to_hold_out_is_held_out_as_advised(
    distill: Distill, here: Path
) -> None:
    """Other files than those that were shown would be."""
    scanned = distill("scan", "my sounds", "--hold-out", "kick*", "--hold-out", "pad*")
    words = advised(scanned.err, "train")
    made = distill(*words, "--steps", "1", "--only", "--json", *TINY[:-6])
    held = json.loads(made.out.splitlines()[0])["held_out"]
    assert {name[:3] for name in held} == {"kic", "pad"}


def test_what_plays_is_trained_as_advised(distill: Distill, here: Path) -> None:
    """`DATA` is for the user to fill in, the model is not."""
    made = distill(
        "train", "my sounds", "-o", "my kit.distill", "--steps", "1", "--only", *TINY[:-6]
    )
    assert made.code == 0, made.err
    refused = distill("generate", "my kit.distill")
    words = advised(refused.err, "train-prior")
    assert words == ["train-prior", "my kit.distill", "DATA"]
    assert words == advised(made.err, "train-prior")
