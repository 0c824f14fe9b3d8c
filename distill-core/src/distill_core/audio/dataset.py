"""A dataset: the clips of a folder at a model's rate, split, mapped from disk and cropped.

Letters: B batch, C channels, T samples.
"""

from __future__ import annotations

import hashlib
import json
import math
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from attrs import Factory, evolve, field, frozen

from ..errors import ConfigError, DatasetError
from .cache import Entry, cached_samples, forget_unused
from .crops import Crops, cut, draw
from .decoding import HIGHEST_RATE, LOWEST_RATE, PADDED_SECONDS, Block
from .finding import find
from .holdout import CROP_SECONDS, HoldOut, split_tail
from .scan import Opened, Progress, Report, open_each, summarise

LEAST_STEPS = 50  # of an epoch: a handful of one-shots would otherwise give one of a step or two
MOST_CHANNELS = 2


class NothingUsableError(DatasetError):
    """No clip can be used; `report` says why, file by file."""

    def __init__(self, message: str, hint: str, report: Report) -> None:
        """Keep the report beside the sentence."""
        super().__init__(message, hint)
        self.report = report


@frozen(eq=False)
class Clip:
    """One audio file of a dataset, or the part of it that is trained on or held out.

    Attributes:
        name: POSIX, relative to DATA.
        path: of the file.
        sample_rate: the model's, in Hz.
        first: where the part starts in the whole, in samples.
        frames: its length, in samples at the model's rate.
        held_out: whether it is never trained on.
        padded: whether it is shorter than 0.5 s.
        entry: where its decoded samples lie; use `samples`.
    """

    name: str
    path: Path
    sample_rate: int
    first: int
    frames: int
    held_out: bool
    padded: bool
    entry: Entry = field(repr=False)

    @property
    def seconds(self) -> float:
        """Give the length in seconds."""
        return self.frames / self.sample_rate

    @property
    def channels(self) -> int:
        """Count the channels, as the model wants them."""
        return self.entry.channels

    @property
    def samples(self) -> Block:
        """Map the samples, float32 `[C, T]`, read-only; memory is not taken until they are used."""
        return self.entry.map(self.first, self.first + self.frames)


@frozen(eq=False)
class Dataset:
    """The clips of DATA, split into what is trained on and what is held out.

    Made by `open_dataset`. Everything is at the model's rate and has the model's channels.

    Attributes:
        clips: all that can be used, whole.
        train: what is trained on; where only a clip's tail is held out, the rest of it.
        held_out: what is never trained on; where only a clip's tail is, that tail.
        sample_rate: in Hz.
        channels: of every clip.
        report: what was found, and what was skipped and why.
        fingerprint: SHA-256 over names, contents and settings, in hexadecimal.
    """

    clips: tuple[Clip, ...]
    train: tuple[Clip, ...]
    held_out: tuple[Clip, ...]
    sample_rate: int
    channels: int
    report: Report
    fingerprint: str
    _frames: npt.NDArray[np.int64] = field(
        init=False,
        repr=False,
        default=Factory(lambda self: _lengths(self.train), takes_self=True),
    )

    @property
    def seconds(self) -> float:
        """Give the seconds that are trained on."""
        return sum(clip.seconds for clip in self.train)

    @property
    def held_out_names(self) -> tuple[str, ...]:
        """Name the clips that are held out, wholly or by their tail."""
        return self.report.held_out

    @property
    def tail_held_out(self) -> bool:
        """Say whether what is held out is the end of a clip that is trained on."""
        return any(clip.first for clip in self.held_out)

    def crops(
        self, seed: int, step: int, batch: int, samples: int, rank: int = 0, world: int = 1
    ) -> Crops:
        """Cut the crops of a training step: a pure function of the arguments.

        Ranks share one draw of `world * batch` crops, so two of 4 see what one of 8 would.

        Args:
            seed: of the run.
            step: number of the step, from 0.
            batch: crops for this rank.
            samples: length of a crop.
            rank: number of this process, from 0.
            world: count of processes.

        Returns:
            float32 `[B, C, T]` with the clips' names; clips shorter than a crop are padded.
        """
        drawn = draw(self._frames, seed, step, batch * world, samples)
        mine = slice(rank * batch, (rank + 1) * batch)
        chosen = [self.train[index] for index in drawn.clips[mine]]
        starts = tuple(int(start) for start in drawn.starts[mine])
        cuts = [
            cut(clip.samples, start, samples) for clip, start in zip(chosen, starts, strict=True)
        ]
        audio = torch.from_numpy(np.stack(cuts))  # [B, C, T]
        return Crops(audio, tuple(clip.name for clip in chosen), starts)

    def waveform(self, clip: Clip) -> torch.Tensor:
        """Read a clip into memory, float32 `[C, T]`."""
        return torch.from_numpy(np.array(clip.samples, np.float32, order="C"))

    def epoch_steps(self, batch: int, crop_seconds: float) -> int:
        """Count the steps of an epoch: enough to hear each second once, and at least 50."""
        return max(LEAST_STEPS, math.ceil(self.seconds / (batch * crop_seconds)))


def open_dataset(
    data: Sequence[str | Path],
    sample_rate: int,
    channels: int,
    hold_out: Sequence[str] = (),
    crop_seconds: float = CROP_SECONDS,
    progress: Progress | None = None,
) -> Dataset:
    """Find, decode (once; see `cache`) and split the clips of DATA.

    Args:
        data: folders and files, read recursively.
        sample_rate: the model's, in Hz.
        channels: the model's, 1 or 2.
        hold_out: globs that replace the ordinary rule (see `holdout.choose`).
        crop_seconds: the gap before a held-out tail.
        progress: told (index, total, name) before each file, and again while a long one is read.

    Raises:
        ConfigError: DATA does not exist or clashes, a glob matches no clip or all, or the rate or
            the channels are impossible.
        NothingUsableError: no clip can be used (a DatasetError that carries the report).
        StorageError: the decoded sounds cannot be kept.
    """
    _check_settings(sample_rate, channels)
    findings = find(data)
    forget_unused()
    opened = open_each(
        findings,
        lambda path, pulse: cached_samples(path, sample_rate, channels, pulse),
        progress,
    )
    report, held = summarise(findings, opened, hold_out, crop_seconds)
    if not report.used:
        raise _nothing_usable(report, data)
    clips = tuple(
        Clip(
            name=found.name,
            path=found.path,
            sample_rate=sample_rate,
            first=0,
            frames=entry.frames,
            held_out=found.name in held.names,
            padded=entry.facts.seconds < PADDED_SECONDS,
            entry=entry,
        )
        for found, entry in opened
        if entry.facts.reason is None
    )
    train, held_out = _split(clips, held, round(crop_seconds * sample_rate))
    settings = [sample_rate, channels, list(held.names), held.tail, crop_seconds * held.tail]
    return Dataset(
        clips, train, held_out, sample_rate, channels, report, _fingerprint(opened, settings)
    )


def _lengths(clips: tuple[Clip, ...]) -> npt.NDArray[np.int64]:
    """Collect the clips' lengths in samples."""
    return np.array([clip.frames for clip in clips], np.int64)


def _split(
    clips: tuple[Clip, ...], held: HoldOut, crop: int
) -> tuple[tuple[Clip, ...], tuple[Clip, ...]]:
    """Part the clips, or the one clip whose tail is held out."""
    train = [clip for clip in clips if not clip.held_out]
    held_out = [clip for clip in clips if clip.held_out]
    if held.tail:
        (whole,) = held_out
        end, start = split_tail(whole.frames, crop)
        train.append(evolve(whole, frames=end, held_out=False))
        train.sort(key=lambda clip: clip.name)
        held_out = [evolve(whole, first=start, frames=whole.frames - start)]
    return tuple(train), tuple(held_out)


def _fingerprint(opened: Opened, settings: list[object]) -> str:
    """Hash the names and contents of the used clips, and what was made of them."""
    contents = [(found.name, entry.key) for found, entry in opened if entry.facts.reason is None]
    return hashlib.sha256(json.dumps([contents, settings]).encode()).hexdigest()


def _check_settings(sample_rate: int, channels: int) -> None:
    """Refuse rates and channels that no model has."""
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise ConfigError(
            f"A sample rate of {sample_rate} Hz is outside {LOWEST_RATE}-{HIGHEST_RATE} Hz."
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise ConfigError(f"A model has 1 or 2 channels, not {channels}.")


def _nothing_usable(report: Report, data: Sequence[str | Path]) -> NothingUsableError:
    """Say what was found instead of usable audio."""
    where = ", ".join(str(argument) for argument in data)
    if not report.found:
        others = f"{report.ignored} other file{'s' * (report.ignored != 1)}"
        told = f"No audio files in {where} ({others})."
        return NothingUsableError(
            told, "Name a folder with WAV, FLAC, OGG, MP3 or AIFF files.", report
        )
    first = report.skipped[0]
    more = f", and {report.found - 1} more" if report.found > 1 else ""
    told = f"None of the audio in {where} can be used: {first.path}: {first.reason}{more}."
    typed = shlex.join(str(argument) for argument in data)
    return NothingUsableError(told, f"See each with its reason: distill scan {typed}", report)
