"""The same command on the same machine gives the same bytes (R9)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def generate(kit: Path, out: Path, *words: str) -> list[dict[str, Any]]:
    """Make takes in a process of their own."""
    command = [
        sys.executable, "-m", "distill_cli", "generate", str(kit), "-o", str(out), "--json",
        "--seed", "7", "--threads", "2", *words,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True)
    takes: list[dict[str, Any]] = json.loads(done.stdout)["takes"]
    return takes


@pytest.mark.parametrize(
    "words",
    [
        ("--count", "3", "--temperature", "0.9"),
        ("--duration", "1.5", "--format", "flac", "--bit-depth", "16"),
    ],
)
def test_r9_the_same_command_in_another_process_gives_the_same_bytes(
    kit: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Getting exactly that one again: same model, settings, seed, versions and threads."""
    one, two = (generate(kit, tmp_path / name, *words) for name in ("one", "two"))
    assert len(one) == len(two) > 0
    for first, second in zip(one, two, strict=True):
        assert Path(first["path"]).read_bytes() == Path(second["path"]).read_bytes()
        recipes = [json.loads(Path(each["sidecar"]).read_text()) for each in (first, second)]
        for recipe in recipes:
            for may_differ in ("date", "path", "model_path"):
                recipe.pop(may_differ)
        assert recipes[0] == recipes[1]
