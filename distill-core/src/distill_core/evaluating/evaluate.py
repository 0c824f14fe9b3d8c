"""Evaluate a model on sounds: how near it brings them back, its codes, its speed here."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import asdict, frozen

from ..audio.cache import cached_samples
from ..audio.dataset import Clip, Dataset, open_dataset
from ..audio.decoding import Block
from ..audio.scan import Report
from ..audio.sound import Sound
from ..errors import AudioError, ConfigError
from ..loading import load
from ..model import Model
from ..protocols import Reconstructs, Tokenizer
from ..registry import Registry
from .codes import Codebook, count_codes, measure_codes
from .measures import (
    LONGEST_SECONDS,
    Match,
    cut_for_measuring,
    measure_band_error,
    measure_match,
    measure_mel_distance,
)
from .selection import Selection, select
from .speed import measure_speed

Progress = Callable[[int, int, str], object]  # how many are done, of how many, what is done now


@frozen(kw_only=True)
class Evaluation:
    """Figures of a model; None where its type has no such thing.

    Attributes:
        mel_distance: mean over the files; lower is better.
        band_energy_error: in dB, mean over the files; lower is better.
        waveform_match: in dB, mean over the files; 0 is nothing in common, 100 the most that is
            told. Files whose first 4 s are silent have none; None where all are so.
        si_sdr: in dB, median over the same files; within -100 and 100.
        bitrate: bits a second.
        bitrate_efficiency: entropy of the codes of all clips of DATA over the bits they take.
        codebooks: how each level's entries are used by them.
        encode_rtf: seconds of sound per second of encoding, on this machine.
        decode_rtf: the same of decoding.
        selection: which clips were measured, and whether they flatter.
        report: what was found in DATA.
    """

    mel_distance: float
    band_energy_error: float
    waveform_match: float | None
    si_sdr: float | None
    bitrate: float | None
    bitrate_efficiency: float | None
    codebooks: tuple[Codebook, ...] | None
    encode_rtf: float | None
    decode_rtf: float | None
    selection: Selection
    report: Report

    @property
    def files(self) -> tuple[str, ...]:
        """Name the measured files, relative to DATA."""
        return tuple(clip.name for clip in self.selection.clips)

    def as_json(self) -> dict[str, Any]:
        """Give what `distill evaluate --json` prints."""
        books = self.codebooks
        return {
            "mel_distance": self.mel_distance, "band_energy_error": self.band_energy_error,
            "waveform_match": self.waveform_match, "si_sdr": self.si_sdr,
            "bitrate": self.bitrate, "bitrate_efficiency": self.bitrate_efficiency,
            "codebooks": None if books is None else [asdict(book) for book in books],
            "encode_rtf": self.encode_rtf, "decode_rtf": self.decode_rtf,
            "files": list(self.files),
        }  # fmt: skip


def evaluate(
    model: str | Path | Model,
    data: str | Path | Sequence[str | Path],
    device: str = "auto",
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> Evaluation:
    """Measure how well a model brings sounds back that it was not trained on.

    Args:
        model: a loaded model; or a path, a name or an id.
        data: folders and files, read recursively: those that it was trained on, of which only the
            held-out ones are measured, or others.
        device: where to compute, for a model that is not loaded yet.
        progress: told (done, total, words) on the way.
        registry: the plugins to use instead of the environment's, likewise.

    Raises:
        ConfigError: the model or DATA is not there, or the type can bring no sound back.
        DatasetError: no clip can be used.
        ModelFileError, BackendError: as of `load`.
        AudioError: the model made something that is no sound.
    """
    loaded = model if isinstance(model, Model) else load(model, device, registry, companions=False)
    codec = loaded.host.network
    if not isinstance(codec, Reconstructs | Tokenizer):
        raise ConfigError(
            f"A {loaded.type} model brings no sounds back, so there is nothing to measure.",
            f"Listen to what it invents: distill generate {shlex.quote(str(loaded.header.path))}",
        )
    tell = progress or _say_nothing
    dataset = _open(loaded, data, tell)
    selection = select(loaded.header, dataset.clips)
    sound = _measure_sound(loaded, selection.clips, tell)
    coding = _CodingFigures()
    if isinstance(codec, Tokenizer):
        coding = _measure_coding(loaded, codec, dataset.clips, tell)
    return Evaluation(
        **asdict(sound, recurse=False),
        **asdict(coding, recurse=False),
        selection=selection,
        report=dataset.report,
    )


@frozen
class _SoundFigures:
    """How near the sounds came back; fields as of `Evaluation`."""

    mel_distance: float
    band_energy_error: float
    waveform_match: float | None
    si_sdr: float | None


@frozen
class _CodingFigures:
    """What only a codec has; fields as of `Evaluation`."""

    bitrate: float | None = None
    bitrate_efficiency: float | None = None
    codebooks: tuple[Codebook, ...] | None = None
    encode_rtf: float | None = None
    decode_rtf: float | None = None


def _say_nothing(done: int, total: int, words: str) -> None:
    """Be the progress of who wants none."""


def _open(model: Model, data: str | Path | Sequence[str | Path], tell: Progress) -> Dataset:
    """Read DATA as the model wants to hear it."""
    places = [data] if isinstance(data, str | Path) else list(data)
    return open_dataset(
        places,
        model.sample_rate,
        model.channels,
        progress=lambda index, total, name: tell(index, total, f"Reading {name}"),
    )


def _measure_sound(model: Model, clips: Sequence[Clip], tell: Progress) -> _SoundFigures:
    """Send each clip's beginning through the model, and compare."""
    mels, bands = [], []
    matches: list[Match] = []
    for index, clip in enumerate(clips, 1):
        tell(index, len(clips), f"Measuring {clip.name}")
        sound = cut_for_measuring(_mono(clip), clip.sample_rate).numpy()  # [T]
        again = _send_through(model, sound, clip)
        mels.append(measure_mel_distance(sound, again, clip.sample_rate))
        bands.append(measure_band_error(sound, again, clip.sample_rate))
        match = measure_match(sound, again)
        if match is not None:
            matches.append(match)
    return _SoundFigures(
        statistics.fmean(mels),
        statistics.fmean(bands),
        statistics.fmean(each.waveform_match for each in matches) if matches else None,
        statistics.median(each.si_sdr for each in matches) if matches else None,
    )


def _mono(clip: Clip) -> Block:
    """Give the mean of a clip's channels [T], at most its first 4 s.

    A stereo model's clip has its file's first two channels, and the mean is that of all.
    """
    length = min(clip.frames, round(LONGEST_SECONDS * clip.sample_rate))
    whole = clip.entry
    if clip.channels > 1:
        whole = cached_samples(clip.path, clip.sample_rate, 1)
        if whole.facts.reason is not None:
            raise AudioError(f"{clip.name} cannot be read any more: {whole.facts.reason}.")
    samples: Block = np.array(whole.map(clip.first, clip.first + length)[0])
    return samples


def _send_through(model: Model, sound: Block, clip: Clip) -> Block:
    """Reconstruct a mono sound [T] as a mono sound of the same length."""
    again: Block = model.reconstruct(Sound(sound, clip.sample_rate)).samples[0]
    if not np.isfinite(again).all():
        raise AudioError(
            f"What {model.name} makes of {clip.name} contains NaN or infinity.",
            "Its training went wrong: train it again.",
        )
    return again


def _measure_coding(
    model: Model, codec: Tokenizer, clips: Sequence[Clip], tell: Progress
) -> _CodingFigures:
    """Encode all clips, held out or not, look at their codes, and time it."""

    def each_told() -> Iterator[Clip]:
        for index, clip in enumerate(clips, 1):
            tell(index, len(clips), f"Encoding {clip.name}")
            yield clip

    codes = measure_codes(codec, count_codes(codec, each_told(), model.device))
    tell(len(clips), len(clips), "Timing")
    speed = measure_speed(codec, clips, model.device)
    return _CodingFigures(
        codes.bitrate, codes.efficiency, codes.codebooks, speed.encode_rtf, speed.decode_rtf
    )
