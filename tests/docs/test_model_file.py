"""docs/model-file.md is what a real model file holds, and what it shows can be run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from distill_core.header import read_header

from ..repo.sources import ROOT

PAGE = (ROOT / "docs" / "model-file.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def documented(title: str) -> set[str]:
    """Give the keys of the table below a heading."""
    below = re.split(r"^#", PAGE.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", below, re.MULTILINE))


def named(keys: set[str], **patterns: str) -> set[str]:
    """Spell keys that carry a name as the page does: has_prior is has_<companion>."""
    found = set()
    for key in keys:
        fronts = [front for front in patterns if key.startswith(f"{front}_")]
        found |= {f"{front}_<{patterns[front]}>" for front in fronts} or {key}
    return found


def test_its_keys_are_those_of_a_real_model_and_the_other_way_round(kit: Path) -> None:
    """A key that nobody explains, or that nobody writes, costs whoever reads files an hour."""
    header = read_header(kit)
    assert named(set(header.told), has="companion") == documented("Keys")
    companion = header.companions["prior"]
    assert set(companion) == documented("Keys of a companion in `companions`")
    figures = {"final": "figure", "best": "figure"}
    told = [named(set(each), **figures) for each in (header.training, companion["training"])]
    assert told[0] | told[1] == documented("Keys of `training`")
    assert told[1] - told[0] == {"best_<figure>"}


@pytest.mark.parametrize(("number", "options"), [(0, ()), (1, ("-I", "-S"))])
def test_its_code_reads_a_real_model(
    kit: Path, tmp_path: Path, number: int, options: tuple[str, ...]
) -> None:
    """The second without anything that was ever installed."""
    shutil.copy(kit, tmp_path / "kit.distill")
    done = run(tmp_path, number, *options)
    assert done.returncode == 0, done.stderr
    assert "vqvae" in done.stdout.splitlines()[0]
    assert "2" in done.stdout.splitlines()[0]
    assert len(done.stdout.splitlines()) > 2


def test_its_digest_notices_a_flipped_bit(kit: Path, tmp_path: Path) -> None:
    """A check that cannot fail would be none."""
    content = bytearray(kit.read_bytes())
    content[-1] ^= 1
    (tmp_path / "kit.distill").write_bytes(content)
    assert "The file is damaged." in run(tmp_path, 1, "-I", "-S").stderr


def run(folder: Path, number: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Run one of the page's two programs beside a kit.distill."""
    assert len(BLOCKS) == 2
    command = [sys.executable, *options, "-c", BLOCKS[number]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
