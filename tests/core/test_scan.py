"""The dataset report: each file counted once, each skip with its reason, the hold-out by rule."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from distill_core.audio import cache, pulse
from distill_core.audio.dataset import open_dataset
from distill_core.audio.holdout import choose, split_tail
from distill_core.audio.scan import scan
from distill_core.errors import ConfigError

from .sounds import Write


def skips(data: Path) -> dict[str, str]:
    """Scan and give the reasons by name."""
    return {skip.path: skip.reason for skip in scan([data]).skipped}


def test_the_report_has_the_promised_keys_and_counts(tmp_path: Path, write: Write) -> None:
    """Scripts read it: found = used + skipped, and padded and held-out clips are used."""
    for number in range(11):
        write(tmp_path / f"{number:02d}.wav", 0.4 if number < 3 else 0.6, rate=44_100)
    write(tmp_path / "drums" / "stereo.flac", 1.0, channels=2, rate=48_000)
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    (tmp_path / "song.M4A").write_bytes(b"whatever")
    (tmp_path / "notes.txt").write_text("hello")
    told = scan([tmp_path]).as_json()
    assert json.loads(json.dumps(told)) == told
    skipped = told.pop("skipped")
    assert told == {
        "found": 14,
        "used": 12,
        "padded": 3,
        "ignored": 1,
        "seconds": pytest.approx(3 * 0.4 + 8 * 0.6 + 1.0),
        "sample_rates": [44_100, 48_000],
        "channels": [1, 2],
        "held_out": ["05.wav"],
    }
    assert [skip["path"] for skip in skipped] == ["bad.wav", "song.M4A"]
    assert skipped[1]["reason"] == "m4a cannot be read here (convert it to WAV or FLAC)"
    assert all(skip["reason"] for skip in skipped)


def test_95_good_and_5_bad_files_list_exactly_5(tmp_path: Path, write: Write) -> None:
    """The promise in reliability.md: the rest goes on, and nothing good is lost."""
    for number in range(95):
        write(tmp_path / f"good {number}.wav", 0.05, seed=number)
    whole = write(tmp_path / "x.wav").read_bytes()
    (tmp_path / "x.wav").unlink()
    (tmp_path / "cut.wav").write_bytes(whole[:999])
    (tmp_path / "empty.ogg").write_bytes(b"")
    (tmp_path / "text.mp3").write_text("la la la")
    write(tmp_path / "silence.flac", samples=np.zeros((9600, 2)))
    write(tmp_path / "dot.aiff", samples=np.ones((1, 1)))
    report = scan([tmp_path])
    assert (report.found, report.used, report.padded) == (100, 95, 95)
    names = [skip.path for skip in report.skipped]
    assert names == ["cut.wav", "dot.aiff", "empty.ogg", "silence.flac", "text.mp3"]


def test_what_we_made_ourselves_and_what_is_hidden_is_ignored(tmp_path: Path, write: Write) -> None:
    """A model fed on its own takes degrades; macOS leaves files that only look like sounds."""
    write(tmp_path / "real.wav")
    write(tmp_path / "take.wav")
    (tmp_path / "take.json").write_text('{"synthetic": true}')
    write(tmp_path / "described.wav")
    (tmp_path / "described.json").write_text('{"synthetic": false}')
    write(tmp_path / "odd.wav")
    (tmp_path / "odd.json").write_text("[" * 100_000)
    write(tmp_path / "kit.run" / "previews" / "1.wav")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    write(tmp_path / "ok.wav").rename(tmp_path / "._real.wav")
    write(tmp_path / ".trash" / "old.wav")
    report = scan([tmp_path])
    assert (report.found, report.used) == (3, 3)
    assert report.ignored == 8  # take, 3 sidecars, run's preview, .DS_Store, ._real, .trash/old


def test_a_run_or_hidden_folder_that_is_named_is_read(tmp_path: Path, write: Write) -> None:
    """Who names it means it."""
    write(tmp_path / ".samples" / "a.wav")
    write(tmp_path / "kit.run" / "b.wav")
    assert scan([tmp_path / ".samples", tmp_path / "kit.run"]).found == 2


def test_links_neither_hang_nor_count_twice(tmp_path: Path, write: Write) -> None:
    """Folders of samples are full of links, some in circles."""
    path = write(tmp_path / "deep" / "a.wav")
    try:
        (tmp_path / "deep" / "loop").symlink_to(tmp_path)
        (tmp_path / "again.wav").symlink_to(path)
        (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
        (tmp_path / "self.wav").symlink_to(tmp_path / "self.wav")
    except OSError:
        pytest.skip("this file system has no links")
    report = scan([tmp_path, tmp_path / "deep"])
    assert (report.found, report.used) == (3, 1)
    reasons = [skip.reason for skip in report.skipped]
    assert len(reasons) == 2
    assert all(reason.startswith("unreadable") for reason in reasons)


def test_a_hidden_link_does_not_hide_what_it_leads_to(tmp_path: Path, write: Write) -> None:
    """Each file counts once; the way on which it counts wins."""
    path = write(tmp_path / "b" / "a.wav")
    try:
        (tmp_path / ".b").symlink_to(tmp_path / "b")
        (tmp_path / "a.run").symlink_to(tmp_path / "b")
        (tmp_path / "a.txt").symlink_to(path)
        (tmp_path / ".a.wav").symlink_to(path)
    except OSError:
        pytest.skip("this file system has no links")
    report = scan([tmp_path])
    assert (report.found, report.used, report.ignored) == (1, 1, 0)


def test_several_arguments_give_names_that_begin_with_theirs(tmp_path: Path, write: Write) -> None:
    """Otherwise two kicks of two folders could not be told apart."""
    write(tmp_path / "a" / "kick.wav")
    write(tmp_path / "b" / "deep" / "kick.wav", seed=1)
    (tmp_path / "b" / "bad.wav").write_bytes(b"")
    single = write(tmp_path / "one.wav", seed=2)
    report = scan([tmp_path / "b", tmp_path / "a", single, tmp_path / "a"])
    assert report.found == 4
    assert [skip.path for skip in report.skipped] == ["b/bad.wav"]
    assert report.held_out == ("one.wav",)


def test_arguments_with_one_last_name_clash(tmp_path: Path, write: Write) -> None:
    """Names must be unique: the model file records the held-out ones."""
    write(tmp_path / "x" / "kicks" / "1.wav")
    write(tmp_path / "y" / "kicks" / "2.wav")
    with pytest.raises(ConfigError, match="kicks"):
        scan([tmp_path / "x" / "kicks", tmp_path / "y" / "kicks"])


def test_what_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    """The usual cause is a typing mistake, so the path is repeated."""
    with pytest.raises(ConfigError, match=r"drumz.* does not exist"):
        scan([tmp_path / "drumz"])
    with pytest.raises(ConfigError):
        scan([])


def test_an_empty_folder_still_has_a_report(tmp_path: Path) -> None:
    """The command prints it and exits 3."""
    report = scan([tmp_path])
    assert (report.found, report.used, report.seconds, report.held_out) == (0, 0, 0, ())


def test_progress_names_every_file(tmp_path: Path, write: Write) -> None:
    """Hours of audio take a while; the screen shows where it is."""
    write(tmp_path / "b.wav")
    (tmp_path / "a.wma").write_bytes(b"x")
    told: list[tuple[int, int, str]] = []
    scan([tmp_path], progress=lambda *step: told.append(step))
    assert told == [(1, 2, "a.wma"), (2, 2, "b.wav")]


def test_progress_is_told_again_while_a_long_file_is_hashed_and_its_cache_checked(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of sound is hashed for seconds, also when nothing must be decoded."""
    write(tmp_path / "a.wav", 30.0, channels=2)  # 5.8 MB, hashed 1 MiB at a time
    open_dataset([tmp_path], 48_000, 2)
    monkeypatch.setattr(cache, "IsolatedDecoder", None)
    monkeypatch.setattr(pulse, "EVERY", 0.0)
    told: list[tuple[int, int, str]] = []
    open_dataset([tmp_path], 48_000, 2, progress=lambda *step: told.append(step))
    assert len(told) > 1 + 5 + 10  # and 11.5 MB of float32 are read back
    assert set(told) == {(1, 1, "a.wav")}


def test_names_that_are_no_unicode_fit_in_json(tmp_path: Path, write: Write) -> None:
    """The report and the model file are UTF-8."""
    path = write(tmp_path / "a.wav")
    try:
        path.rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    except OSError:
        pytest.skip("this file system takes Unicode only")
    assert scan([tmp_path]).held_out == ()
    (tmp_path / "b.wav").write_bytes(b"")
    report = scan([tmp_path])
    json.dumps(report.as_json(), ensure_ascii=False).encode("utf-8")
    assert report.used == 1


def test_the_reference_set_is_165_clips_with_16_held_out() -> None:
    """The published figures rest on this split."""
    folder = os.environ.get("DISTILL_REFERENCE")
    if not folder:
        pytest.skip("DISTILL_REFERENCE names no folder")
    report = scan([folder])
    assert (report.found, report.used, len(report.held_out)) == (165, 165, 16)


def clips(*seconds: float) -> list[tuple[str, float]]:
    """Name clips 00, 01, … with these lengths."""
    return [(f"{number:02d}", length) for number, length in enumerate(seconds)]


@pytest.mark.parametrize(
    ("lengths", "held"),
    [
        ([1] * 9, ("08",)),
        ([1] * 10, ("05",)),
        ([1] * 15, ("05",)),
        ([1] * 16, ("05", "15")),
        ([1, 1], ("01",)),
        ([], ()),
    ],
)
def test_every_tenth_clip_from_the_sixth_is_held_out_or_the_last(
    lengths: list[float], held: tuple[str, ...]
) -> None:
    """One rule for scan, train, evaluate and benchmarks."""
    chosen = choose(clips(*lengths))
    assert chosen.names == held
    assert not chosen.tail
    assert chosen.note is None


def test_the_order_is_that_of_characters_not_of_arrival() -> None:
    """Otherwise the split would depend on the file system."""
    assert choose([("b/x", 1), ("a", 1), ("Z", 1)]).names == ("b/x",)


@pytest.mark.parametrize("lengths", [[100], [100, 99.0], [1, 60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1]])
def test_a_clip_over_half_of_everything_gives_its_tail(lengths: list[float]) -> None:
    """Held out whole, nothing would be left; never held out, nothing would be measured."""
    chosen = choose(clips(*lengths))
    assert chosen.tail
    assert chosen.names == (f"{int(np.argmax(lengths)):02d}",)
    assert chosen.note is not None


def test_a_clip_too_short_to_part_is_not_parted() -> None:
    """Two crops fit in 0.9 of 2.3 s, so one is left to train on; in 2.2 s it is not."""
    assert choose(clips(2.3)).tail
    chosen = choose(clips(2.2))
    assert chosen.names == ()
    assert chosen.note == "00 is the only clip and too short to part: none is held out."
    assert choose(clips(2.2), crop_seconds=0.5).tail


def test_a_tail_is_a_tenth_after_a_gap_of_one_crop() -> None:
    """The gap keeps training crops from touching what is measured."""
    assert split_tail(1000, 100) == (800, 900)
    assert split_tail(1005, 100) == (805, 905)


def test_globs_replace_the_rule() -> None:
    """Who knows their sounds decides; the last part of a name is enough."""
    many = [(f"drums/kick{number}", 1.0) for number in range(12)] + [("pads/slow", 50.0)]
    assert choose(many, ["kick1*"]).names == ("drums/kick1", "drums/kick10", "drums/kick11")
    assert choose(many, ["pads/*"]).names == ("pads/slow",)
    assert choose(many, ["*slow", "drums/kick2"]).names == ("drums/kick2", "pads/slow")


@pytest.mark.parametrize("globs", [["snare*"], ["*"], ["kick*", "snare*"], ["0*", "1*"]])
def test_a_glob_that_matches_nothing_or_everything_is_refused(globs: list[str]) -> None:
    """Both are mistakes that would only show after the training."""
    with pytest.raises(ConfigError, match="12 clips"):
        choose(clips(*[1.0] * 12), globs)
