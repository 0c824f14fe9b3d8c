"""A dataset is split by rule, and its crops are a pure function of seed and step."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from distill_core.audio.dataset import NothingUsableError, open_dataset
from distill_core.audio.scan import scan
from distill_core.errors import ConfigError, DatasetError

from .sounds import Write, tone

RATE = 8_000  # Hz; low, to be quick


@pytest.fixture
def folder(tmp_path: Path, write: Write) -> Path:
    """Eleven one-shots and one long recording, none over half of all seconds."""
    for number in range(11):
        write(tmp_path / "data" / f"{number:02d}.wav", 0.3, rate=RATE, seed=number)
    write(tmp_path / "data" / "long.wav", 3.0, rate=RATE, seed=99)
    return tmp_path / "data"


def test_clips_are_split_as_the_scan_says(folder: Path) -> None:
    """What is told before a run is what the run does."""
    dataset = open_dataset([folder], RATE, 1)
    assert dataset.report == scan([folder])
    assert dataset.held_out_names == ("05.wav",)
    assert [clip.name for clip in dataset.held_out] == ["05.wav"]
    assert len(dataset.clips) == len(dataset.train) + 1 == 12
    assert {clip.name for clip in dataset.clips if clip.padded} == {
        f"{number:02d}.wav" for number in range(11)
    }
    assert dataset.seconds == pytest.approx(10 * 0.3 + 3.0)


def test_a_waveform_is_the_clip_at_the_models_rate_and_channels(folder: Path) -> None:
    """[C, T], whatever the file was."""
    dataset = open_dataset([folder], 16_000, 2)
    clip = dataset.held_out[0]
    wave = dataset.waveform(clip)
    assert wave.shape == (2, clip.frames) == (2, 4800)
    assert wave.dtype == torch.float32
    assert torch.equal(wave[0], wave[1])
    wave += 1  # a copy: the file behind it stays
    assert not torch.equal(dataset.waveform(clip), wave)


def test_crops_are_a_pure_function_of_seed_and_step(folder: Path) -> None:
    """Resuming at step 100 must see what the run without a break saw."""
    dataset = open_dataset([folder], RATE, 1)
    expected = dataset.crops(3, 100, 8, 4000)
    dataset.crops(3, 101, 8, 4000)
    torch.rand(5)
    np.random.default_rng()
    again = open_dataset([folder], RATE, 1).crops(3, 100, 8, 4000)
    assert torch.equal(again.audio, expected.audio)
    assert again.names == expected.names
    assert expected.audio.shape == (8, 1, 4000)
    for other in (dataset.crops(4, 100, 8, 4000), dataset.crops(3, 101, 8, 4000)):
        assert not torch.equal(other.audio, expected.audio)


def test_drawing_leaves_the_global_generators_alone(folder: Path) -> None:
    """Only core's seeding touches them."""
    dataset = open_dataset([folder], RATE, 1)
    before = torch.get_rng_state()
    dataset.crops(0, 0, 4, 100)
    assert torch.equal(torch.get_rng_state(), before)


def test_ranks_share_one_draw(folder: Path) -> None:
    """Two processes of 4 train on what one of 8 would."""
    dataset = open_dataset([folder], RATE, 1)
    one = dataset.crops(0, 7, 8, 2000)
    two = [dataset.crops(0, 7, 4, 2000, rank=rank, world=2) for rank in range(2)]
    assert torch.equal(torch.cat([crops.audio for crops in two]), one.audio)


def test_one_shots_are_padded_whole_at_many_places(folder: Path) -> None:
    """A kick cut at a random place is no kick."""
    dataset = open_dataset([folder], RATE, 1)
    waves = {clip.name: dataset.waveform(clip) for clip in dataset.train}
    starts = set()
    for step in range(20):
        crops = dataset.crops(0, step, 8, 4000)
        for audio, name, start in zip(crops.audio, crops.names, crops.starts, strict=True):
            if name != "long.wav":
                assert torch.equal(audio[:, -start : 2400 - start], waves[name])
                assert torch.count_nonzero(audio) == torch.count_nonzero(waves[name])
                starts.add(start)
    assert min(starts) >= -1600
    assert max(starts) <= 0
    assert len(starts) > 50


def test_every_training_clip_is_drawn_and_no_held_out_one(folder: Path) -> None:
    """Short sounds are not drowned by a recording ten times as long, nor it by them."""
    dataset = open_dataset([folder], RATE, 1)
    names = Counter(name for step in range(60) for name in dataset.crops(0, step, 16, 1000).names)
    assert set(names) == {clip.name for clip in dataset.train}
    assert 2 < names["long.wav"] / names["00.wav"] < 5  # the square root of ten


def test_the_first_samples_are_heard_as_often_as_the_middle(tmp_path: Path, write: Write) -> None:
    """Attacks are at the start, where plain uniform crops hardly come."""
    write(tmp_path / "a.wav", 2.0, rate=RATE)
    write(tmp_path / "b.wav", 2.0, rate=RATE, seed=1)
    dataset = open_dataset([tmp_path], RATE, 1)
    heard = np.zeros(2 * RATE)
    for step in range(200):
        for start in dataset.crops(0, step, 8, 4000).starts:
            assert 0 <= start <= 12_000
            heard[start : start + 4000] += 1
    assert heard[0] > 0.3 * heard[8000]
    assert heard[-1] > 0.3 * heard[8000]


def test_a_single_clip_is_trained_on_up_to_a_crop_before_its_held_out_end(
    tmp_path: Path, write: Write
) -> None:
    """Neighbouring crops would leak what is measured into what is learnt."""
    write(tmp_path / "a.wav", 10.0, rate=RATE)
    dataset = open_dataset([tmp_path], RATE, 1, crop_seconds=1.5)
    whole = dataset.waveform(dataset.clips[0])
    (train,), (held,) = dataset.train, dataset.held_out
    assert torch.equal(dataset.waveform(train), whole[:, : int(7.5 * RATE)])
    assert torch.equal(dataset.waveform(held), whole[:, 9 * RATE :])
    assert dataset.held_out_names == ("a.wav",)
    assert dataset.seconds == 7.5
    starts = [start for step in range(50) for start in dataset.crops(0, step, 8, 8000).starts]
    assert max(starts) <= 6.5 * RATE


def test_a_single_one_shot_is_trained_on_with_nothing_held_out(
    tmp_path: Path, write: Write
) -> None:
    """One kick is little, but the user asked; the held-out loss is null."""
    dataset = open_dataset([write(tmp_path / "kick.wav", 0.3)], 48_000, 1)
    assert dataset.held_out == ()
    assert [clip.name for clip in dataset.train] == ["kick.wav"]
    assert dataset.report.note is not None


def test_the_fingerprint_changes_with_the_sounds_and_only_with_them(
    folder: Path, tmp_path: Path, write: Write
) -> None:
    """A resumed run notices that its dataset is another one."""
    prints = [open_dataset([folder], RATE, 1).fingerprint for _ in range(2)]
    moved = folder.rename(tmp_path / "moved")
    (moved / "notes.txt").write_text("x")
    prints.append(open_dataset([moved], RATE, 1).fingerprint)
    assert len(set(prints)) == 1
    prints.append(open_dataset([moved], RATE, 2).fingerprint)
    prints.append(open_dataset([moved], RATE, 1, hold_out=["01.wav"]).fingerprint)
    write(moved / "00.wav", 0.3, rate=RATE, seed=50)
    prints.append(open_dataset([moved], RATE, 1).fingerprint)
    (moved / "01.wav").rename(moved / "01b.wav")
    prints.append(open_dataset([moved], RATE, 1).fingerprint)
    assert len(set(prints)) == 5


def test_an_epoch_is_the_training_seconds_but_at_least_50_steps(folder: Path) -> None:
    """Six seconds are not one step."""
    dataset = open_dataset([folder], RATE, 1)
    assert dataset.epoch_steps(16, 1.0) == 50
    assert dataset.epoch_steps(1, 0.1) == 60
    assert dataset.epoch_steps(1, 0.0999) == 61


def test_nothing_usable_is_an_error_that_keeps_the_report(tmp_path: Path, write: Write) -> None:
    """The command exits 3 and can still say why, file by file."""
    with pytest.raises(DatasetError, match="No audio files"):
        open_dataset([tmp_path], RATE, 1)
    write(tmp_path / "a.wav", samples=np.zeros((4800, 1)))
    with pytest.raises(NothingUsableError, match=r"a\.wav: silent") as caught:
        open_dataset([tmp_path], RATE, 1)
    assert caught.value.report.skipped[0].path == "a.wav"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (10**7, 1), (48_000, 0), (48_000, 3)])
def test_impossible_settings_are_refused(folder: Path, rate: int, channels: int) -> None:
    """Before hours of audio are decoded."""
    with pytest.raises(ConfigError):
        open_dataset([folder], rate, channels)


def test_bad_files_do_not_stop_the_opening(folder: Path) -> None:
    """The rest is trained on; each skip has its reason."""
    (folder / "bad.wav").write_bytes(b"RIFF")
    told: list[str] = []
    dataset = open_dataset([folder], RATE, 1, progress=lambda _, __, name: told.append(name))
    assert len(dataset.clips) == 12
    assert [skip.path for skip in dataset.report.skipped] == ["bad.wav"]
    assert told[-2:] == ["bad.wav", "long.wav"]


def test_memory_does_not_grow_with_the_dataset(tmp_path: Path, write: Write) -> None:
    """Hours of audio are mapped, not loaded; RssAnon is what cannot be given back."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no RssAnon here")

    def anonymous() -> int:
        (line,) = [x for x in status.read_text().splitlines() if x.startswith("RssAnon")]
        return int(line.split()[1])  # kB

    short, long = tmp_path / "short", tmp_path / "long"
    write(short / "a.wav", samples=np.tile(tone(1.0), (5, 1)))
    write(long / "a.wav", samples=np.tile(tone(1.0), (240, 1)))  # 46 MB of float32
    open_dataset([short], 44_100, 1).crops(0, 0, 4, 44_100)
    before = anonymous()
    dataset = open_dataset([long], 44_100, 1)
    for step in range(20):
        dataset.crops(0, step, 4, 44_100)
    assert anonymous() - before < 15_000
