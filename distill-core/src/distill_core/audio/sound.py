"""A sound in memory: read, write, resample, mix. Letters: C channels, T samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from attrs import field, frozen

from ..errors import AudioError
from .decoding import BLOCK_VALUES, HIGHEST_RATE, LOWEST_RATE, Block
from .isolation import IsolatedDecoder
from .mixing import mix
from .resampling import resample_blocks
from .writing import write_sound

LONGEST_IN_MEMORY = 1 << 31  # bytes; what is longer belongs in a dataset, which maps it
KINDS = {".wav": "WAV", ".flac": "FLAC"}  # what `save` writes; takes go through `generating`


def _checked(samples: npt.ArrayLike) -> Block:
    """Take anything array-like of floats, `[T]` or `[C, T]`, as contiguous float32 `[C, T]`."""
    array = np.asarray(samples)
    if array.dtype.kind != "f":
        raise AudioError(
            f"A sound's samples are floats in -1…1, not {array.dtype}.",
            "Divide integers by their full scale first.",
        )
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or not array.shape[0]:
        raise AudioError(f"A sound's samples have the shape [channels, samples], not {array.shape}")
    return np.ascontiguousarray(array, np.float32)


def _checked_rate(rate: float) -> int:
    """Take a whole number of Hz within what anything records at."""
    whole = int(rate)
    if whole != rate or not LOWEST_RATE <= whole <= HIGHEST_RATE:
        raise AudioError(
            f"A sample rate of {rate} Hz is outside {LOWEST_RATE}-{HIGHEST_RATE} Hz, whole numbers."
        )
    return whole


@frozen(eq=False)
class Sound:
    """Audio in memory, with its rate.

    A one-dimensional array is taken as one channel. Two sounds are equal only if they are the same
    object; compare their samples.

    Attributes:
        samples: float32 `[C, T]`, nominally in -1…1.
        sample_rate: in Hz.

    Raises:
        AudioError: the samples are no floats, the shape is not `[C, T]`, the rate is impossible.
    """

    samples: Block = field(converter=_checked, repr=False)
    sample_rate: int = field(converter=_checked_rate)

    @property
    def channels(self) -> int:
        """Count the channels."""
        return len(self.samples)

    @property
    def seconds(self) -> float:
        """Give the length in seconds."""
        return float(self.samples.shape[1] / self.sample_rate)

    @classmethod
    def read(cls, path: str | Path) -> Sound:
        """Read a whole file (WAV, FLAC, OGG, Opus, MP3, AIFF, CAF, AU, W64, RF64).

        Silent and very short files are read, too; cut, damaged and non-finite ones are not.

        Raises:
            AudioError: the file cannot be read; says why.
            FileNotFoundError: there is none.
        """
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(2, "No such sound", str(path))
        blocks, held = [], 0
        try:
            with IsolatedDecoder(path) as decoder:
                for block in decoder:
                    held += block.nbytes
                    if held > LONGEST_IN_MEMORY:
                        raise AudioError("too long to hold in memory")
                    blocks.append(block)
        except AudioError as error:
            raise AudioError(f"{path} cannot be read: {error.message}.") from error
        if not blocks:
            return cls(np.zeros((decoder.channels, 0), np.float32), decoder.sample_rate)
        return cls(np.concatenate(blocks, 1), decoder.sample_rate)

    def save(self, path: str | Path, bit_depth: int = 24) -> None:
        """Write a WAV or FLAC file, whole or not at all; an existing one is replaced.

        Args:
            path: ends in .wav or .flac.
            bit_depth: 16, 24, or (WAV only) 32, all PCM; what exceeds -1…1 is clipped.

        Raises:
            AudioError: the samples are not finite, or format and bit depth do not go together.
            StorageError, OSError: the disk is full or the folder may not be written.
        """
        path = Path(path)
        kind = KINDS.get(path.suffix.lower())
        if kind is None or bit_depth not in (16, 24, 32):
            raise AudioError(
                f"{path.name}, {bit_depth} bits, cannot be written.", "Use .wav or .flac."
            )
        if not soundfile.check_format(kind, f"PCM_{bit_depth}"):
            raise AudioError(f"{kind} cannot hold {bit_depth} bits: use 16 or 24, or .wav.")
        if not np.isfinite(self.samples).all():
            raise AudioError(f"{path.name} is not written: the sound contains NaN or infinity.")
        write_sound(path, self.samples, self.sample_rate, kind, f"PCM_{bit_depth}")

    def cut(self, samples: int) -> Sound:
        """Give the first `samples` samples; what is missing is silence at the end."""
        have = self.samples.shape[1]
        if have == samples:
            return self
        silence = np.zeros((self.channels, max(0, samples - have)), np.float32)
        return Sound(np.concatenate([self.samples[:, :samples], silence], 1), self.sample_rate)

    def to(self, *, sample_rate: int | None = None, channels: int | None = None) -> Sound:
        """Convert: mix first (see `mixing.mix`), then resample; what is None stays.

        Returns:
            A sound of ceil(T * sample_rate / self.sample_rate) samples; itself if nothing changes.

        Raises:
            AudioError: an impossible rate, or more channels than can be made.
        """
        target = self.sample_rate if sample_rate is None else _checked_rate(sample_rate)
        wave = self.samples if channels is None else mix(self.samples, channels)
        if target != self.sample_rate and wave.shape[1]:
            step = max(1, BLOCK_VALUES // self.channels)  # as files are read, so the results agree
            blocks = (wave[:, at : at + step] for at in range(0, wave.shape[1], step))
            wave = np.concatenate(list(resample_blocks(blocks, self.sample_rate, target)), 1)
        if wave is self.samples and target == self.sample_rate:
            return self
        return Sound(wave, target)
