"""Decoding believes what comes, not what a header claims; resampling in blocks equals the whole."""

from __future__ import annotations

import os
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from distill_core.audio import decoding
from distill_core.audio.decoding import Facts
from distill_core.audio.isolation import IsolatedDecoder, measure
from distill_core.audio.resampling import QUALITY, ratio_between, resample_blocks
from torchaudio.transforms import Resample

from .sounds import FORMATS, Write, tone

CUTS = (0.005, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 0.999)


def claim_frames(flac: bytes, frames: int) -> bytes:
    """Change the total in a FLAC file's STREAMINFO (36 bits)."""
    changed = bytearray(flac)
    changed[21] = changed[21] & 0xF0 | frames >> 32
    changed[22:26] = struct.pack(">I", frames & 0xFFFFFFFF)
    return bytes(changed)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_whole_file_of_each_format_is_usable(tmp_path: Path, write: Write, suffix: str) -> None:
    """A check for cut files that refuses good ones would be worse than none."""
    facts = measure(write(tmp_path / f"good.{suffix}", 1.5, channels=2))
    assert facts.reason is None
    assert (facts.sample_rate, facts.channels, facts.frames) == (48_000, 2, 72_000)
    assert facts.rms == pytest.approx(0.218, rel=0.05)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_cut_anywhere_is_called_cut(tmp_path: Path, write: Write, suffix: str) -> None:
    """In most formats libsndfile plays what is left without an error."""
    whole = write(tmp_path / f"whole.{suffix}", 1.5).read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    for length in [*(int(share * len(whole)) for share in CUTS), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        reason = measure(cut).reason
        assert reason is not None, length
        assert reason.startswith("cut"), (length, reason)


def test_an_mp3_without_a_xing_header_is_judged_by_its_last_frame(
    tmp_path: Path, write: Write
) -> None:
    """Old files have no header that tells a length, and tags may stand before and behind."""
    whole = write(tmp_path / "a.mp3", 1.0).read_bytes()
    at = whole.find(b"Xing") if b"Xing" in whole else whole.find(b"Info")
    bare = whole[:at] + b"\0\0\0\0" + whole[at + 4 :]
    tagged = tmp_path / "tagged.mp3"
    before = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)
    tagged.write_bytes(before + bare + b"TAG" + bytes(125))
    assert measure(tagged).reason is None
    tagged.write_bytes(before + bare[: len(bare) * 2 // 3])
    assert (measure(tagged).reason or "").startswith("cut")


@pytest.mark.parametrize("claimed", [2**36 - 1, 60_000])
def test_a_flac_header_that_claims_more_than_comes_costs_no_memory(
    tmp_path: Path, write: Write, claimed: int
) -> None:
    """2^36 frames are 512 GiB: an allocation of what is claimed would end the run."""
    path = write(tmp_path / "a.flac", 1.0)
    path.write_bytes(claim_frames(path.read_bytes(), claimed))
    assert measure(path) == Facts(reason=f"cut (48000 of {claimed} samples came)")


def test_streams_that_cannot_know_their_length_are_whole(tmp_path: Path, write: Write) -> None:
    """Recorders and pipes write an unknown length; those files play everywhere."""
    flac = write(tmp_path / "a.flac", 1.0)
    flac.write_bytes(claim_frames(flac.read_bytes(), 0))
    assert measure(flac).frames == 48_000
    wav = write(tmp_path / "a.wav", 1.0)
    piped = bytearray(wav.read_bytes())
    at = piped.find(b"data") + 4
    piped[4:8] = piped[at : at + 4] = b"\xff\xff\xff\xff"
    wav.write_bytes(piped)
    assert measure(wav).frames == 48_000


def test_a_wav_whose_writer_forgot_to_pad_a_chunk_is_whole(tmp_path: Path, write: Write) -> None:
    """Such files are common, play everywhere, and must not be taken for cut ones."""
    path = write(tmp_path / "a.wav")
    whole = path.read_bytes()
    at = whole.find(b"data")
    for chunk in (b"note\x05\0\0\0hello", b"note\x05\0\0\0hello\0"):
        path.write_bytes(whole[:at] + chunk + whole[at:])
        assert not (measure(path).reason or "").startswith("cut")
        path.write_bytes(whole[:at] + chunk + whole[at:-1000])
        assert measure(path).reason == "cut (at least 1,000 bytes missing at the end)"


def test_a_wav_with_a_cut_tag_behind_whole_audio_is_usable(tmp_path: Path, write: Write) -> None:
    """Only the samples matter; a cut chunk after them loses none."""
    path = write(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 1000) + b"INFO")
    assert measure(path).reason is None


def test_a_file_that_is_flipped_in_the_middle_is_damaged(tmp_path: Path, write: Write) -> None:
    """FLAC carries checksums, so noise in its middle is noticed."""
    path = write(tmp_path / "a.flac", 1.0)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0x10
    path.write_bytes(damaged)
    assert "damaged" in (measure(path).reason or "")


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((4800, 1)), "silent"),
        (np.full((4800, 2), 0.5), "silent"),
        (tone(0.5) * 1e-5, "silent"),
        (np.zeros((1, 1)), "under 10 ms (1 sample at 48000 Hz)"),
        (tone(0.0099), "under 10 ms"),
        (np.where(np.arange(48_000) == 40_000, np.nan, 0.1)[:, None], "non-finite"),
        (np.where(np.arange(4800) == 40, np.inf, 0.1)[:, None], "non-finite"),
        (tone(0.5) * 32768, "not audio in -1"),
    ],
)
def test_what_cannot_be_learnt_from_has_a_reason(
    tmp_path: Path, write: Write, samples: np.ndarray, reason: str
) -> None:
    """Silence, DC, NaN and single samples would spoil training unseen."""
    path = write(tmp_path / "a.wav", samples=samples, subtype="FLOAT")
    assert (measure(path).reason or "").startswith(reason) or reason in (measure(path).reason or "")


def test_quiet_sound_on_dc_is_kept(tmp_path: Path, write: Write) -> None:
    """A field recording from a cheap interface has both; -80 dBFS is not silence."""
    quiet = 0.4 + tone(0.5) * 10 ** (-66 / 20)
    assert measure(write(tmp_path / "a.wav", samples=quiet, subtype="FLOAT")).reason is None


def test_one_silent_channel_does_not_make_a_file_silent(tmp_path: Path, write: Write) -> None:
    """A microphone in the left input only is a common recording."""
    left = np.concatenate([tone(0.5), np.zeros((24_000, 1), np.float32)], 1)
    assert measure(write(tmp_path / "a.wav", samples=left)).reason is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.wav", b""),
        ("text.wav", b"This is not a sound.\n" * 50),
        ("text.au", b"libsndfile takes this for telephone audio.\n" * 50),
        ("text.flac", b"fLaC but then it is a lie" * 50),
        ("picture.mp3", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20),
        ("zeros.aiff", b"FORM" + bytes(200_000)),
        ("tags.mp3", b"ID3\x04\0\0\0\0\0\0" * 5_000),
        ("pages.ogg", b"OggS" * 30_000),
        ("header.wav", b"RIFF\xff\xff\xff\xffWAVE"),
    ],
)
def test_what_is_no_sound_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes
) -> None:
    """Folders hold anything; one odd file must not end a run."""
    path = tmp_path / name
    path.write_bytes(content)
    facts = measure(path)
    assert facts.reason
    assert "\n" not in facts.reason
    assert str(tmp_path) not in facts.reason


def test_random_bytes_of_any_suffix_never_raise(tmp_path: Path, write: Write) -> None:
    """Damage has no favourite place: flip, cut and overwrite at random, always with an answer."""
    rng = np.random.default_rng(5)
    for suffix in FORMATS:
        whole = write(tmp_path / f"a.{suffix}", 0.3).read_bytes()
        for _ in range(15):
            odd = bytearray(whole)
            for at in rng.integers(0, min(len(odd), 200), 4):
                odd[at] = rng.integers(256)
            path = tmp_path / f"odd.{suffix}"
            path.write_bytes(odd)
            facts = measure(path)
            assert facts.reason or np.isfinite(facts.rms)


def test_want_of_memory_is_not_taken_for_damage(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What earlier files left unfreed is not this one's fault; the caller tries again elsewhere."""

    def refuse(*_: object, **__: object) -> None:
        raise soundfile.SoundFileRuntimeError("Internal malloc () failed.")

    path = write(tmp_path / "a.wav")
    monkeypatch.setattr(decoding._Forward, "read", refuse)
    with pytest.raises(MemoryError), decoding.Decoder(path) as decoder:
        list(decoder)


def test_an_impossible_sample_rate_is_refused(tmp_path: Path, write: Write) -> None:
    """At 1 Hz a small file would fill the disk once it is resampled."""
    path = write(tmp_path / "a.wav", 1.0)
    slow = bytearray(path.read_bytes())
    slow[24:28] = struct.pack("<I", 1)
    path.write_bytes(slow)
    assert measure(path).reason == "sample rate 1 Hz is outside 1000-768000 Hz"


def test_eight_channels_at_192_khz_and_any_name_are_fine(tmp_path: Path, write: Write) -> None:
    """Unusual is not damaged."""
    path = write(tmp_path / "Küche 🎵 (take 1) 'x'.wav", 0.2, channels=8, rate=192_000)
    assert measure(path).channels == 8
    assert measure(path).reason is None


def test_a_wrong_suffix_is_forgiven(tmp_path: Path, write: Write) -> None:
    """The bytes tell what a file is."""
    path = write(tmp_path / "a.flac").rename(tmp_path / "a.wav")
    assert measure(path).reason is None


@pytest.mark.skipif(os.name == "nt", reason="no named pipes in folders there")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    """Opening one waits for a writer that never comes."""
    os.mkfifo(tmp_path / "pipe.wav")
    assert measure(tmp_path / "pipe.wav").reason == "not a regular file"


def test_a_name_that_is_no_unicode_can_be_read(tmp_path: Path, write: Write) -> None:
    """Old archives unpack to such names."""
    path = write(tmp_path / "a.wav")
    try:
        odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
        path.rename(odd)
    except OSError:
        pytest.skip("this file system takes Unicode only")
    assert measure(odd).reason is None


def test_blocks_are_bounded_and_join_into_the_file(tmp_path: Path, write: Write) -> None:
    """Hours of audio must fit through a small buffer."""
    path = write(tmp_path / "a.flac", 4.0, channels=2)
    with IsolatedDecoder(path) as decoder:
        blocks = list(decoder)
    assert max(block.nbytes for block in blocks) <= 1 << 19
    expected = soundfile.read(path, dtype="float32")[0].T
    assert np.array_equal(np.concatenate(blocks, 1), expected)


@pytest.mark.parametrize(
    ("source", "target"),
    [(44100, 48000), (48000, 44100), (96000, 16000), (8000, 48000), (11025, 48000)],
)
@pytest.mark.parametrize("frames", [1, 200, 30_011])
def test_resampling_in_blocks_equals_the_whole(source: int, target: int, frames: int) -> None:
    """Otherwise every block would begin and end with a click."""
    rng = np.random.default_rng(0)
    wave = rng.standard_normal((2, frames)).astype(np.float32)
    edges = [0, *sorted(rng.integers(0, frames, 7)), frames]
    blocks = [wave[:, a:b] for a, b in pairwise(edges)]
    joined = np.concatenate(list(resample_blocks(blocks, source, target)), 1)
    whole = Resample(source, target, **QUALITY)(torch.from_numpy(wave))
    assert joined.shape == whole.shape
    assert np.allclose(joined, whole.numpy(), atol=2e-6)


def test_resampling_leaves_no_images_and_no_aliases() -> None:
    """The default filter of torchaudio leaves 18 kHz at -25 dB where nothing was."""
    t = np.arange(44100 * 2) / 44100
    wave = np.sin(2 * np.pi * 18_000 * t).astype(np.float32)[None]
    made = np.concatenate(list(resample_blocks([wave], 44100, 48000)), 1)[0, 24_000:72_000]
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made)))) / len(made) * 4
    assert spectrum[18_000] == pytest.approx(1, abs=0.01)
    spectrum[17_990:18_011] = 0
    assert spectrum.max() < 1e-4


def test_a_large_ratio_comes_in_bounded_blocks() -> None:
    """One block at 1,000 Hz would be 400 MB at 768,000 Hz."""
    sizes = [block.shape[1] for block in resample_blocks([tone(60, rate=1_000).T], 1_000, 768_000)]
    assert sum(sizes) == 60 * 768_000
    assert max(sizes) <= 1 << 18


@pytest.mark.parametrize("source", [44_101, 47_999, 767_999, 1_009])
def test_an_odd_ratio_needs_no_huge_filter(source: int) -> None:
    """44,101 to 48,000 Hz, exactly, is a filter of 8 GB; nobody hears less than a cent."""
    ratio = ratio_between(source, 48_000)
    assert ratio.numerator * ratio.denominator <= 1 << 20
    assert abs(1200 * np.log2(float(ratio) * source / 48_000)) < 1
    (made,) = (np.concatenate(list(resample_blocks([tone(1.0).T], source, 48_000)), 1),)
    assert made.shape[1] == pytest.approx(48_000 * 48_000 / source, rel=1e-3)
