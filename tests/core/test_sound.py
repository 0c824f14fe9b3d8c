"""A sound in memory: made, read, written and converted."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_core.audio.cache import cached_samples
from distill_core.audio.sound import Sound
from distill_core.audio.writing import encoded
from distill_core.errors import AudioError

from .sounds import Write, tone


@pytest.mark.parametrize(("depth", "step"), [(16, 2**-15), (24, 2**-23), (32, 2**-24)])
def test_a_saved_sound_reads_back_to_the_last_bit_of_its_depth(
    tmp_path: Path, depth: int, step: float
) -> None:
    """What a user saves is what they get."""
    sound = Sound(tone(0.3, 2).T, 48_000)
    sound.save(tmp_path / "a.wav", bit_depth=depth)
    again = Sound.read(tmp_path / "a.wav")
    assert (again.channels, again.sample_rate, again.seconds) == (2, 48_000, 0.3)
    assert np.abs(again.samples - sound.samples).max() <= step


def test_saving_clips_and_replaces_whole_files(tmp_path: Path) -> None:
    """Values over full scale must not wrap around into noise."""
    path = tmp_path / "a.flac"
    path.write_bytes(b"old")
    Sound(np.array([0.0, 1.7, -2.0, 0.5]), 44_100).save(path)
    assert np.allclose(Sound.read(path).samples, [[0, 1, -1, 0.5]], atol=1e-6)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.flac"]


@pytest.mark.parametrize(
    ("name", "depth", "bad"),
    [("a.xyz", 24, 0.1), ("a.flac", 32, 0.1), ("a.wav", 12, 0.1), ("a.wav", 24, np.nan)],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, depth: int, bad: float
) -> None:
    """NaN in a file ends the training of whoever uses it."""
    with pytest.raises(AudioError):
        Sound(np.array([0.1, bad]), 48_000).save(tmp_path / name, bit_depth=depth)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros((2, 3, 4)), 48_000),
        (np.zeros(5, np.int16), 48_000),
        (np.zeros((0, 9)), 48_000),
        (np.zeros(5), 0),
        (np.zeros(5), 44_100.5),
        (np.float32(3), 48_000),
    ],
)
def test_what_is_no_sound_cannot_be_made_one(samples: np.ndarray, rate: float) -> None:
    """Integers taken for floats would be 90 dB too loud; other mistakes surface far away."""
    with pytest.raises(AudioError):
        Sound(samples, rate)  # type: ignore[arg-type]


def test_one_dimension_is_one_channel_of_float32() -> None:
    """The common case needs no ceremony."""
    sound = Sound(np.zeros(480), 48_000)
    assert sound.samples.shape == (1, 480)
    assert sound.samples.dtype == np.float32


def test_mixing_takes_the_mean_copies_and_keeps_the_front() -> None:
    """Stereo from surround keeps front left and right; mono loses no channel."""
    many = Sound(np.arange(6, dtype=np.float32).reshape(6, 1), 48_000)
    assert many.to(channels=1).samples.tolist() == [[2.5]]
    assert many.to(channels=2).samples.tolist() == [[0], [1]]
    assert many.to(channels=1).to(channels=2).samples.tolist() == [[2.5], [2.5]]
    with pytest.raises(AudioError):
        many.to(channels=8)


def test_a_sound_that_need_not_change_stays_itself() -> None:
    """Converting at every door must cost nothing."""
    sound = Sound(tone(0.1).T, 48_000)
    assert sound.to(sample_rate=48_000, channels=1) is sound
    assert sound.to() is sound


def test_converting_in_memory_equals_the_cache(tmp_path: Path, write: Write) -> None:
    """A model trained on cached sounds must meet the same ones in `reconstruct`."""
    path = write(tmp_path / "a.wav", 4.0, channels=2, rate=44_100)
    entry = cached_samples(path, 48_000, 1)
    made = Sound.read(path).to(sample_rate=48_000, channels=1).samples
    assert np.allclose(made, entry.map(0, entry.frames), atol=1e-6)


def test_cutting_pads_with_silence_or_trims() -> None:
    """A reconstruction is exactly as long as what it reconstructs."""
    sound = Sound(np.ones(4), 48_000)
    assert sound.cut(2).samples.tolist() == [[1, 1]]
    assert sound.cut(6).samples.tolist() == [[1, 1, 1, 1, 0, 0]]


def test_a_bad_file_is_named_with_its_reason(tmp_path: Path, write: Write) -> None:
    """One line that says which file and why."""
    path = write(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(AudioError, match=r"a\.wav cannot be read: cut"):
        Sound.read(path)
    with pytest.raises(FileNotFoundError):
        Sound.read(tmp_path / "none.wav")


@pytest.fixture
def answered() -> Iterator[None]:
    """Answer Ctrl-C as Python does, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("answered")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("call", range(1, 20, 3))
def test_ctrl_c_while_a_sound_is_encoded_is_neither_lost_nor_harmful(
    monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The library calls back to write; an interrupt there was swallowed, the header wrong."""
    calls = iter(range(1, 1000))

    class Interrupting(io.BytesIO):
        def write(self, data: Any) -> int:
            self.count()
            return super().write(data)

        def seek(self, *place: int) -> int:
            self.count()
            return super().seek(*place)

        def count(self) -> None:
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("distill_core.audio.writing.io.BytesIO", Interrupting)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come a moment later
        encoded(tone(0.3).T, 48_000, "WAV", "PCM_24", {})
        time.sleep(1)  # where the system was late with it
