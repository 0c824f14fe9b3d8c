"""The cache of decoded sounds is fast, never believed when damaged, and safe to share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from distill_core.audio import cache
from distill_core.audio.cache import cached_facts, cached_samples, folder, forget_unused
from distill_core.errors import StorageError

from .sounds import Write, tone

FILES = ("facts", "f32")


def kept(suffix: str) -> Path:
    """Find the one entry of a kind."""
    (path,) = folder().glob(f"*.{suffix}")
    return path


def test_a_second_opening_decodes_nothing(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening the same hours of audio again takes moments."""
    path = write(tmp_path / "a.flac", 0.5)
    first = cached_samples(path, 44_100, 1)
    monkeypatch.setattr(cache, "IsolatedDecoder", None)
    monkeypatch.setattr(cache, "measure", None)
    assert cached_samples(path, 44_100, 1) == first
    assert cached_facts(path).facts == first.facts
    assert first.frames == 22_050


def test_samples_are_those_of_the_file_mapped_and_read_only(tmp_path: Path, write: Write) -> None:
    """Training reads what the musician recorded, and cannot change it."""
    samples = tone(0.3, 2)
    entry = cached_samples(write(tmp_path / "a.wav", samples=samples, subtype="FLOAT"), 48_000, 2)
    mapped = entry.map(100, 300)
    assert np.array_equal(mapped, samples[100:300].T)
    assert mapped.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        mapped[0, 0] = 1


def test_scanning_keeps_no_samples(tmp_path: Path, write: Write) -> None:
    """A look at a folder must not write gigabytes."""
    cached_facts(write(tmp_path / "a.wav", 3.0))
    assert sum(path.stat().st_size for path in folder().iterdir()) < 1000


@pytest.mark.parametrize("suffix", FILES)
def test_any_damage_to_an_entry_is_noticed_and_mended(
    tmp_path: Path, write: Write, suffix: str
) -> None:
    """A flipped bit or a cut entry would poison every later run unseen."""
    path = write(tmp_path / "a.wav", 0.2)
    entry = cached_samples(path, 48_000, 1)
    good = np.array(entry.map(0, entry.frames))
    whole = kept(suffix).read_bytes()
    rng = np.random.default_rng(1)
    for at in [*rng.integers(0, len(whole), 20), 0, len(whole) - 1]:
        flipped = bytearray(whole)
        flipped[at] ^= 1 << rng.integers(8)
        for damaged in (bytes(flipped), whole[:at], whole + b"x"):
            kept(suffix).write_bytes(damaged)
            again = cached_samples(path, 48_000, 1)
            assert again.facts == entry.facts
            assert np.array_equal(again.map(0, again.frames), good)
            assert kept(suffix).read_bytes() == whole


def test_a_changed_file_is_decoded_anew_and_a_renamed_one_is_not(
    tmp_path: Path, write: Write
) -> None:
    """The bytes are the key: neither name nor date can deceive."""
    path = write(tmp_path / "a.wav", 0.2)
    date = path.stat().st_mtime_ns
    first = cached_samples(path, 48_000, 1)
    renamed = path.rename(tmp_path / "b.wav")
    assert cached_samples(renamed, 48_000, 1) == first
    write(renamed, 0.2, seed=1)
    os.utime(renamed, ns=(date, date))
    assert cached_samples(renamed, 48_000, 1).key != first.key


def test_an_unusable_file_leaves_a_reason_and_nothing_else(tmp_path: Path, write: Write) -> None:
    """Half-written entries would pile up."""
    path = write(tmp_path / "a.wav", samples=np.zeros((48_000, 1)))
    assert "silent" in (cached_samples(path, 48_000, 1).facts.reason or "")
    assert [entry.suffix for entry in folder().iterdir()] == [".facts"]


def test_a_home_that_cannot_be_written_stops_training_but_not_a_scan(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scanning only loses time; training says which folder and what helps."""
    path = write(tmp_path / "a.wav")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "file"))
    assert cached_facts(path).facts.frames == 28_800
    with pytest.raises(StorageError, match="DISTILL_HOME"):
        cached_samples(path, 48_000, 1)


def test_a_full_disk_leaves_no_half_entry(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run must not find what this one could not finish."""
    path = write(tmp_path / "a.wav")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(cache.Sealer, "seal", full)
        with pytest.raises(StorageError, match="No space left"):
            cached_samples(path, 48_000, 1)
    assert not list(folder().iterdir())
    assert cached_samples(path, 48_000, 1).frames == 28_800


def test_processes_may_open_the_same_sounds_at_once(tmp_path: Path, write: Write) -> None:
    """Under torchrun several start at the same moment."""
    path = write(tmp_path / "a.wav", 1.0, rate=44_100)
    code = (
        "import sys; from pathlib import Path;"
        "from distill_core.audio.cache import cached_samples as open;"
        "e = open(Path(sys.argv[1]), 48000, 1); print(e.frames, e.map(0, e.frames).sum())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = {process.communicate(timeout=60)[0] for process in started}
    assert len(told) == 1
    assert told.pop().startswith("48000 ")
    assert sorted(entry.suffix for entry in folder().iterdir()) == [".f32", ".facts"]


def test_what_a_killed_process_left_half_written_goes_after_a_day(
    tmp_path: Path, write: Write
) -> None:
    """It may have gigabytes; a younger one may still be written by another process."""
    cached_samples(write(tmp_path / "a.wav"), 48_000, 1)
    half = kept("f32").with_name(f".{kept('f32').name}.x.part.f32")
    half.write_bytes(b"half")
    assert forget_unused(time.time() + 23 * 3600) == 0
    assert forget_unused(time.time() + 25 * 3600) == 1
    assert not half.exists()


def test_entries_that_nobody_uses_are_forgotten(tmp_path: Path, write: Write) -> None:
    """A cache without an end would fill the disk."""
    cached_samples(write(tmp_path / "a.wav"), 48_000, 1)
    cached_samples(write(tmp_path / "b.wav", seed=1), 48_000, 1)
    assert forget_unused() == 0
    assert forget_unused(time.time() + 61 * 24 * 3600) == 4
    assert not list(folder().iterdir())
