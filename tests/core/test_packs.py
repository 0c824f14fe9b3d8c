"""The built-in sounds are varied, clean, seeded and usable as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from distill_core.audio.packs import SOUNDS, synthesise, write_pack
from distill_core.audio.scan import scan
from distill_core.audio.sound import Sound
from distill_core.audio.voices import VOICES
from distill_core.errors import ConfigError


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write the whole pack once."""
    return write_pack(tmp_path_factory.mktemp("pack") / "new" / "folder")


def test_the_pack_has_twelve_of_six_families_and_nothing_else(pack: list[Path]) -> None:
    """The demo promises kicks, snares, hats, bells, plucks and pads."""
    assert len(pack) == SOUNDS >= 60
    assert sorted(pack[0].parent.iterdir()) == sorted(pack)
    assert {path.name for path in pack} == {
        f"{family}_{number:02d}.wav" for family in VOICES for number in range(1, 13)
    }


def test_every_sound_of_the_pack_is_used_by_a_scan(pack: list[Path]) -> None:
    """The demo trains on it."""
    report = scan([pack[0].parent])
    assert (report.used, report.skipped) == (SOUNDS, ())
    assert report.sample_rates == (48_000,)
    assert 60 < report.seconds < 180


def test_sounds_begin_and_end_in_silence_without_clicks(pack: list[Path]) -> None:
    """A step at an end is a click, and a model would learn it."""
    for path in pack:
        sound = Sound.read(path)
        assert 0.1 <= sound.seconds <= 3.0
        assert np.abs(sound.samples[:, [0, -1]]).max() == 0, path.name
        assert np.abs(sound.samples[:, -10:]).max() < 1e-3, path.name
        assert 0.3 < np.abs(sound.samples).max() < 0.9, path.name
        assert np.abs(sound.samples.mean(1)).max() < 0.01, path.name


@pytest.mark.parametrize("family", VOICES)
def test_sounds_of_a_family_differ(pack: list[Path], family: str) -> None:
    """Twelve times the same kick teaches one kick: length, level and spectrum must vary."""
    sounds = [Sound.read(path).to(channels=1) for path in pack if path.name.startswith(family)]
    centres = []
    for sound in sounds:
        power = np.abs(np.fft.rfft(sound.samples[0])) ** 2
        hertz = np.fft.rfftfreq(sound.samples.shape[1], 1 / sound.sample_rate)
        centres.append((power * hertz).sum() / power.sum())
    assert max(centres) > 1.2 * min(centres)
    assert len({sound.samples.shape[1] for sound in sounds}) == len(sounds)


def test_families_sound_as_their_names_say(pack: list[Path]) -> None:
    """Kicks are low, hats high, bells and pads long."""

    def centre(family: str) -> float:
        wave = synthesise(family, 0, 1).to(channels=1).samples[0]
        power = np.abs(np.fft.rfft(wave)) ** 2
        return float((power * np.fft.rfftfreq(len(wave), 1 / 48_000)).sum() / power.sum())

    assert centre("kick") < 150 < centre("bell") < centre("hat")
    assert centre("hat") > 5000
    assert synthesise("pad", 0, 1).channels == 2


def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    """A report about the demo can be repeated."""
    first = write_pack(tmp_path / "a", seed=3, count=6)
    again = write_pack(tmp_path / "b", seed=3, count=12)
    other = write_pack(tmp_path / "c", seed=4, count=6)
    for path in first:
        same = next(one for one in again if one.name == path.name)
        assert path.read_bytes() == same.read_bytes()
        assert path.read_bytes() != (tmp_path / "c" / path.name).read_bytes()
    assert len(other) == 6


def test_sounds_that_are_there_are_not_written_over_unasked(tmp_path: Path) -> None:
    """A folder of one's own kicks may well hold a kick_01.wav."""
    (tmp_path / "kick_01.wav").write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"kick_01\.wav"):
        write_pack(tmp_path, count=6)
    assert [path.name for path in tmp_path.iterdir()] == ["kick_01.wav"]
    assert (tmp_path / "kick_01.wav").read_bytes() == b"mine"
    write_pack(tmp_path, count=6, replace=True)
    assert len(list(tmp_path.iterdir())) == 6
    with pytest.raises(ConfigError, match="is a file"):
        write_pack(tmp_path / "kick_01.wav")
    with pytest.raises(ConfigError):
        write_pack(tmp_path, count=0)
