"""Decode one sound file in bounded steps, believing what comes and not what its header claims.

This runs in the decoding process; everywhere else `isolation` is what decodes.

Letters: C channels, T samples.
"""

from __future__ import annotations

import io
import math
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import soundfile
from attrs import frozen

from ..errors import AudioError
from .containers import missing_bytes

Block = npt.NDArray[np.float32]

BLOCK_VALUES = 1 << 17  # samples times channels decoded at once: half a MiB
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000  # Hz; at 1 Hz a small file would grow 48,000-fold
LONGEST_SECONDS = 48 * 3600.0  # silence compresses without limit, so one file must have one
SHORTEST_SECONDS = 0.010
PADDED_SECONDS = 0.5
SILENCE = 10 ** (-90 / 20)  # RMS of a channel once its mean is removed
LOUDEST = 100.0  # 40 dB over full scale: raw numbers in a float file, not audio in -1…1
KINDS = frozenset(
    ("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "CAF", "AU")
)  # libsndfile also guesses: any text named .au is headerless telephone audio to it
UNKNOWN = "not a sound file of a known kind"
PLAIN = {
    "Internal error": "it contradicts itself",
    "Unspecified internal error": "it contradicts itself",
    "File does not exist or is not a regular file": UNKNOWN,
}  # what libsndfile says, and what it means of a file that is there


@frozen
class Facts:
    """What decoding one file showed; `reason` says why it cannot be used, or is None."""

    sample_rate: int = 0  # Hz
    channels: int = 0
    frames: int = 0  # samples per channel that really came
    peak: float = 0.0
    rms: float = 0.0  # of the loudest channel, its mean removed
    reason: str | None = None

    @property
    def seconds(self) -> float:
        """Give the length in seconds."""
        return self.frames / self.sample_rate if self.sample_rate else 0.0


class _Forward(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """A file that is only read forwards: soundfile otherwise seeks after each read.

    Those seeks fail in cut FLAC files, and are what makes soundfile trust the claimed length.
    """

    def seekable(self) -> bool:
        """Deny it, whatever the container could do."""
        return False


class Decoder:
    """One pass over a file: a context manager that yields float32 blocks `[C, T_i]`.

    Raises:
        AudioError: on opening or while reading; its message is the bare reason, without the path.
        MemoryError: there is too little, which need not be this file's fault.
    """

    def __init__(self, path: Path, alive: Callable[[], object] = lambda: None) -> None:
        """Open the file and check everything that can be checked before decoding.

        Args:
            path: of the sound.
            alive: called often while the container is walked, which may take long.
        """
        self.path = path
        _check_container(path, alive)
        name = str(path) if os.name == "nt" else os.fsencode(path)  # names need not be Unicode
        try:
            self._file = _Forward(name)
        except (soundfile.SoundFileError, OSError, TypeError) as error:
            raise _refusal("unreadable", error) from error
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self._meter = Meter(self.channels)
        self._finished = False
        try:
            self._check_header()
        except AudioError:
            self._file.close()
            raise

    def __enter__(self) -> Decoder:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks `[C, T_i]` until the first short read, or until all has come.

        Nothing is read beyond the last sample: tags behind it make FLAC files fail there.
        """
        claimed = self._file.frames
        most = max(1, BLOCK_VALUES // self.channels)
        while (size := min(most, claimed - self._meter.frames)) > 0:
            buffer = np.empty((size, self.channels), np.float32)
            try:
                came = self._file.read(out=buffer)
            except (soundfile.SoundFileError, OSError) as error:
                raise _refusal("cut or damaged", error) from error
            if len(came):
                self._meter.add(came)
                if self._meter.frames > LONGEST_SECONDS * self.sample_rate:
                    raise AudioError(f"longer than {LONGEST_SECONDS / 3600:g} hours")
                yield np.ascontiguousarray(came.T)  # [C, T_i]
            if len(came) < size:
                break
        self._check_length(claimed)
        self._finished = True

    def facts(self) -> Facts:
        """Sum up after the last block; `reason` is set for what is too short or silent."""
        if not self._finished:
            raise RuntimeError("facts are known after the last block")
        meter = self._meter
        known = Facts(self.sample_rate, self.channels, meter.frames, meter.peak, meter.rms())
        reason = None
        if not known.frames:
            reason = "empty (its header says that it holds no samples)"
        elif known.seconds < SHORTEST_SECONDS:
            reason = f"under 10 ms ({_count(known.frames)} at {self.sample_rate} Hz)"
        elif known.rms < SILENCE:
            reason = "silent (under -90 dBFS once DC is removed)"
        elif known.peak > LOUDEST:
            reason = f"values up to {known.peak:.3g} are not audio in -1…1"
        return Facts(known.sample_rate, known.channels, known.frames, known.peak, known.rms, reason)

    def _check_header(self) -> None:
        """Refuse kinds that libsndfile only guesses, and sample rates that nothing records at."""
        if self._file.format not in KINDS:
            raise AudioError(f"unreadable ({UNKNOWN})")
        if not LOWEST_RATE <= self.sample_rate <= HIGHEST_RATE:
            raise AudioError(
                f"sample rate {self.sample_rate} Hz is outside {LOWEST_RATE}-{HIGHEST_RATE} Hz"
            )

    def _check_length(self, claimed: int) -> None:
        """Compare what came with the header's claim, where that kind of header makes one."""
        unknown = claimed >= 1 << 62  # how libsndfile says that a FLAC stream does not tell
        came = self._meter.frames
        if came < claimed and not unknown and self._file.format != "MP3":  # MP3: see mpeg.py
            raise AudioError(f"cut ({came} of {_count(claimed)} came)")


class Meter:
    """Running peak, mean and power of blocks `[T_i, C]`."""

    def __init__(self, channels: int) -> None:
        """Start at nothing."""
        self.frames = 0
        self.peak = 0.0
        self._sum = np.zeros(channels)  # float64: the mean is taken from the power, not lost in it
        self._power = np.zeros(channels)

    def add(self, block: Block) -> None:
        """Count one block in; NaN and infinity are refused."""
        peak = float(np.abs(block).max())
        if not math.isfinite(peak):
            raise AudioError("non-finite (it contains NaN or infinity)")
        wide = block.astype(np.float64)
        self._sum += wide.sum(0)
        self._power += np.einsum("tc,tc->c", wide, wide)
        self.peak = max(self.peak, peak)
        self.frames += len(block)

    def rms(self) -> float:
        """Give the RMS of the loudest channel once its mean is removed."""
        if not self.frames:
            return 0.0
        mean = self._sum / self.frames
        variance = self._power / self.frames - mean**2
        return math.sqrt(max(0.0, float(variance.max())))


class _Walked(io.BufferedReader):
    """A file whose reader shows that work goes on."""

    def __init__(self, path: Path, alive: Callable[[], object]) -> None:
        super().__init__(io.FileIO(path))
        self._alive = alive

    def read(self, size: int | None = -1, /) -> bytes:
        self._alive()
        return super().read(size)


def _check_container(path: Path, alive: Callable[[], object]) -> None:
    """Refuse what is no file, is empty, or is shorter than its own header promises."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a named pipe would wait forever
            raise AudioError("not a regular file")
        with _Walked(path, alive) as file:
            if not file.read(1):
                raise AudioError("empty")
            missing = missing_bytes(file)
    except (OSError, ValueError) as error:
        raise AudioError(f"unreadable ({_words(error)})") from error
    if missing:
        plural = "s" if missing > 1 else ""
        raise AudioError(f"cut (at least {missing:,} byte{plural} missing at the end)")


def _refusal(what: str, error: Exception) -> Exception:
    """Translate a fault of libsndfile's."""
    words = _words(error)
    if "malloc" in words or "allocate memory" in words:
        return MemoryError(words)
    return AudioError(f"{what} ({words})")


def _count(frames: int) -> str:
    """Say how many samples, in words that agree."""
    return "1 sample" if frames == 1 else f"{frames} samples"


def _words(error: Exception) -> str:
    """Take the telling part of an error, on one line and without the path."""
    told = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    words = " ".join(str(told).removeprefix("Error : ").split()).rstrip(".")
    return next((plain for said, plain in PLAIN.items() if words.startswith(said)), words)
