"""Whatever lies in a folder of sounds is judged, one by one, and none of it ends the run (R6)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_core.audio.dataset import open_dataset
from distill_core.audio.scan import scan

from .corpus import CUT_FORMATS, CUTS, USED, encoded, lay_out
from .sounds import FORMATS, RATE, Write, tone

MOST_MEMORY = 300 << 10  # kB above the baseline, of Distill and its decoding process together
MUTATIONS = 40  # of each format
JUDGED = """
import json, sys
from pathlib import Path
from distill_core.audio import isolation
from distill_core.audio.dataset import open_dataset
from distill_core.audio.scan import scan

def peak(process):
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return 0
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line)

report = scan(sys.argv[1:])
assert open_dataset(sys.argv[1:], 48000, 1).report == report
(worker,) = isolation._all  # no file was its end
print(json.dumps([report.as_json(), peak("self") + peak(worker._process.pid)]))
"""


def judged(folder: Path) -> tuple[dict[str, Any], int]:
    """Scan and open a folder in a process of its own; give the report and the peak memory in kB."""
    command = [sys.executable, "-c", JUDGED, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    report, memory = json.loads(done.stdout)
    return report, memory


def test_r6_every_damaged_and_odd_sound_is_judged_and_none_ends_hangs_or_swells_the_run(
    tmp_path: Path, write: Write
) -> None:
    """R6: over 60 files and 80 cuts, each used or skipped for the right reason, in little memory.

    Scanning and opening agree, nothing is printed, and the decoder survives them all.
    """
    expected = lay_out(tmp_path)
    assert len(CUT_FORMATS) * len(CUTS) == 80
    assert len(expected) > 60 + 80
    report, memory = judged(tmp_path)
    told = {skip["path"]: skip["reason"] for skip in report["skipped"]}
    wrong = {
        name: (reason, told.get(name, USED))
        for name, reason in expected.items()
        if not told.get(name, USED).startswith(reason) or (name in told) != bool(reason)
    }
    assert not wrong
    assert report["found"] == len(expected)
    assert all(reason.isprintable() and str(tmp_path) not in reason for reason in told.values())
    write(tmp_path / "plain" / "a.wav", 0.7)  # none of the corpus, or the cache had it
    baseline = judged(tmp_path / "plain")[1]
    assert memory - baseline < MOST_MEMORY


@pytest.mark.skipif(os.name == "nt", reason="links and named pipes are POSIX here")
def test_r6_what_is_no_plain_file_neither_hangs_nor_ends_the_run(
    tmp_path: Path, write: Write
) -> None:
    """R6: links in circles, pipes, sockets' kin, folders with names of sounds."""
    write(tmp_path / "good.wav")
    write(tmp_path / "folder.wav" / "inside.wav", seed=1)
    (tmp_path / "circle.wav").symlink_to(tmp_path / "circle.wav")
    (tmp_path / "two.wav").symlink_to(tmp_path / "one.wav")
    (tmp_path / "one.wav").symlink_to(tmp_path / "two.wav")
    (tmp_path / "nowhere.wav").symlink_to(tmp_path / "gone.wav")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.wav")
    report = scan([tmp_path])
    told = {skip.path: skip.reason for skip in report.skipped}
    assert told.pop("zero.wav") == told.pop("pipe.wav") == "not a regular file"
    assert set(told) == {"circle.wav", "nowhere.wav", "one.wav", "two.wav"}
    assert all(reason.startswith("unreadable (") for reason in told.values())
    assert report.used == 2


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="root may read everything")
def test_r6_what_may_not_be_read_is_skipped(tmp_path: Path, write: Write) -> None:
    """R6: somebody else's files in a shared folder."""
    write(tmp_path / "good.wav")
    write(tmp_path / "secret.wav").chmod(0)
    write(tmp_path / "closed" / "a.wav")
    (tmp_path / "closed").chmod(0)
    try:
        report = scan([tmp_path])
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [(skip.path, skip.reason) for skip in report.skipped] == [
        ("closed", "unreadable folder (Permission denied)"),
        ("secret.wav", "unreadable (Permission denied)"),
    ]
    assert report.used == 1


def test_r6_random_damage_gives_a_verdict_and_nothing_else(tmp_path: Path) -> None:
    """R6: damage has no favourite place; a file is used or has a reason, whatever it suffered."""
    rng = np.random.default_rng(6)
    whole = {suffix: encoded(suffix, tone(0.2)) for suffix in FORMATS}
    for suffix, data in whole.items():
        for number in range(MUTATIONS):
            (tmp_path / f"{number}.{suffix}").write_bytes(mutated(data, rng))
    report = scan([tmp_path])
    assert report.found == report.used + len(report.skipped) == MUTATIONS * len(FORMATS)
    assert all(skip.reason.isprintable() for skip in report.skipped)
    assert report.skipped
    assert open_dataset([tmp_path], RATE, 1).report == report


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite, take out, put in and repeat some bytes, in the header more than elsewhere."""
    odd = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(min(len(odd), rng.choice([64, 256, len(odd)]))))
        length = int(rng.integers(1, 64))
        match rng.integers(5):
            case 0:
                odd[at] = rng.integers(256)
            case 1:
                odd[at : at + 4] = bytes([rng.choice([0, 0x7F, 0x80, 0xFF])]) * 4
            case 2:
                del odd[at : at + length]
            case 3:
                odd[at:at] = rng.bytes(length)
            case 4:
                odd[at:at] = odd[at // 2 : at // 2 + length]
    return bytes(odd)
