"""What train and generate say without being asked, since nobody could know it otherwise."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from distill_core.header import read_header

from .. import plugins
from ..conftest import TINY, call


def test_a_drawn_seed_is_told_and_kept(pack: Path, tmp_path: Path) -> None:
    """The model can be made again, also by who did not think of a seed."""
    words = ("train", pack, "--only", "--steps", "1", *TINY[: TINY.index("--prior-encodings")])
    drawn = call(*words, "-o", tmp_path / "drawn.distill")
    (seed,) = re.findall(r"^Seed: (\d+) \(drawn\)$", drawn.err, re.MULTILINE)
    assert read_header(tmp_path / "drawn.distill").training["seed"] == int(seed)
    given = call(*words, "-o", tmp_path / "given.distill", "--seed", "5")
    assert "Seed" not in given.err
    listed = call(*words, "-o", tmp_path / "json.distill", "--json").out.splitlines()
    started = next(told for told in map(json.loads, listed) if told["event"] == "started")
    assert started["seed"] == read_header(tmp_path / "json.distill").training["seed"]


def test_a_take_that_is_nearly_silent_is_told(pack: Path, tmp_path: Path) -> None:
    """Two hundred takes are not all listened to at once."""
    settings = plugins.environment(tmp_path / "home", "noisy")
    model = tmp_path / "n.distill"
    for words in (
        ("train", pack, "--type", "noisy", "--steps", 1, "-o", model),
        ("generate", model, "--duration", 0.1, "--seed", 3, "-o", tmp_path),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "distill_cli", *map(str, words)],
            env=settings, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert f"Warning: {tmp_path / 'n-3.wav'} is nearly silent." in done.stderr
