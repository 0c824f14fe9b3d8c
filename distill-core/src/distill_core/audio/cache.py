"""Keep what decoding a file gave: its facts, and its samples as a model wants them, to be mapped.

Entries are named for the SHA-256 of the file's bytes, so a file that changed has another entry and
a renamed one the same. Each carries a checksum and is read back in full before it is believed; a
damaged one is made anew. Writers move whole files into place, so processes may race. Only what a
whole decoding showed is kept: what prevents one may be the disk's fault, or the file name's.

A samples file is float32 little-endian `[T, C]`, then its facts (see `sealed`).
Letters: C channels, T samples.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
from attrs import asdict, frozen

from ..atomic import write_atomic
from ..errors import AudioError, StorageError
from ..library import home
from .decoding import Block, Facts
from .isolation import DecoderLostError, IsolatedDecoder, measure
from .mixing import mix
from .pulse import Pulse
from .resampling import resample_blocks
from .sealed import Sealer, read_sealed

VERSION = 2  # of the entries' format and of how the samples in them are made
VALUE_BYTES = 4
HASHED_AT_ONCE = 1 << 20
KEPT_SECONDS = 60 * 24 * 3600  # an entry that nobody used for 60 days goes
HALF_SECONDS = 24 * 3600  # a process that was killed left it half-written


@frozen
class Entry:
    """A cached file: its facts and, unless they say why it cannot be used, its mapped samples."""

    key: str  # SHA-256 of the source's bytes
    facts: Facts
    path: Path
    channels: int = 0
    frames: int = 0  # at the model's rate

    def map(self, start: int, stop: int) -> Block:
        """Map samples `[C, stop - start]`, read-only; nothing is kept open, so many may exist."""
        whole = np.memmap(self.path, "<f4", "r", shape=(self.frames, self.channels))
        return np.asarray(whole)[start:stop].T


def folder() -> Path:
    """Name the folder of the cached sounds and make it."""
    path = home() / "cache" / "audio"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def content_key(path: Path, pulse: Pulse) -> str:
    """Hash a file's bytes.

    Raises:
        AudioError: it cannot be read; the message is the bare reason.
    """
    digest, buffer = hashlib.sha256(), bytearray(HASHED_AT_ONCE)
    view = memoryview(buffer)
    try:
        with path.open("rb", buffering=0) as file:
            while came := file.readinto(buffer):
                digest.update(view[:came])
                pulse.beat()
    except (OSError, ValueError) as error:
        raise AudioError(f"unreadable ({getattr(error, 'strerror', None) or error})") from error
    return digest.hexdigest()


def cached_facts(path: Path, pulse: Pulse | None = None) -> Entry:
    """Give a file's facts, from the cache or by decoding it once; no samples are kept.

    A cache that cannot be written only costs time.

    Raises:
        AudioError: the bytes cannot be read, or the decoder did not survive them; nothing is kept.
    """
    pulse = pulse or Pulse()
    unfit = _unfit(path)
    if unfit is not None:
        return unfit
    key = content_key(path, pulse)
    facts = _recall(key)
    if facts is None:
        facts = measure(path, pulse)
        if facts.frames:
            _remember(key, facts)
    return Entry(key, facts, path)


def cached_samples(
    path: Path, sample_rate: int, channels: int, pulse: Pulse | None = None
) -> Entry:
    """Give a file's samples at a model's rate and channels, decoding it at most once.

    Raises:
        AudioError: the bytes cannot be read, or the decoder did not survive them; nothing is kept.
        StorageError: the cache cannot be written.
    """
    pulse = pulse or Pulse()
    unfit = _unfit(path)
    if unfit is not None:
        return unfit
    key = content_key(path, pulse)
    known = _recall(key)
    if known is not None and known.reason is not None:
        return Entry(key, known, path)
    kept = folder() / f"{key}-{sample_rate}-{channels}-{_edition()}.f32"
    entry = _read_entry(kept, key, channels, pulse)
    if entry is None:
        entry = _make_entry(kept, key, path, sample_rate, channels, pulse)
    if entry.facts.frames and known != entry.facts:
        _remember(key, entry.facts)
    return entry


def forget_unused(now: float | None = None) -> int:
    """Remove entries that nobody used for long, and halves that nobody writes any more.

    Mapped ones stay until they are unmapped.

    Returns:
        How many were removed.
    """
    now = time.time() if now is None else now
    removed = 0
    for path in folder().iterdir():
        kept = HALF_SECONDS if path.name.startswith(".") else KEPT_SECONDS
        with suppress(OSError):  # another process may be at it, or have it open (Windows)
            if path.is_file() and path.stat().st_mtime < now - kept:
                path.unlink()
                removed += 1
    return removed


def _unfit(path: Path) -> Entry | None:
    """Answer for what may not be opened: reading a named pipe would wait forever."""
    if path.exists() and not path.is_file():
        return Entry("", Facts(reason="not a regular file"), path)
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        return Entry("", Facts(reason=f"unreadable ({told})"), path)
    return None if size else Entry("", Facts(reason="empty"), path)


def _make_entry(
    kept: Path, key: str, path: Path, sample_rate: int, channels: int, pulse: Pulse
) -> Entry:
    """Decode, mix and resample a file into the cache; one that cannot be used leaves nothing."""
    made: list[Entry] = []

    def write(file: IO[bytes]) -> None:
        sealer = Sealer(file)
        frames = 0
        with IsolatedDecoder(path, pulse) as decoder:
            mixed = (mix(block, channels) for block in decoder)
            for block in resample_blocks(mixed, decoder.sample_rate, sample_rate):
                sealer.write(np.ascontiguousarray(block.T, "<f4").tobytes())  # [T_i, C]
                frames += block.shape[1]
            facts = decoder.facts()
        if facts.reason is not None:
            raise _UnusableError(facts)
        sealer.seal(asdict(facts) | {"frames_kept": frames, "channels_kept": channels})
        made.append(Entry(key, facts, kept, channels, frames))

    try:
        write_atomic(kept, write)
    except _UnusableError as unusable:
        return Entry(key, unusable.facts, path)
    except DecoderLostError:
        raise
    except AudioError as error:
        return Entry(key, Facts(reason=error.message), path)
    except OSError as error:
        raise _unwritable(kept.parent, error) from error
    return made[0]


class _UnusableError(Exception):
    """Decoding went well, but shows a sound that cannot be used."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts.reason)
        self.facts = facts


def _read_entry(kept: Path, key: str, channels: int, pulse: Pulse) -> Entry | None:
    """Read a samples file back; None when it is missing, damaged or foreign."""
    sealed = read_sealed(kept, pulse)
    if sealed is None:
        return None
    words = dict(sealed.words)
    try:
        frames = words.pop("frames_kept")
        same = words.pop("channels_kept") == channels
        facts = Facts(**words)
        if not same or sealed.data_bytes != frames * channels * VALUE_BYTES or frames < 1:
            return None
    except (KeyError, TypeError):
        return None
    _mark_used(kept)
    return Entry(key, facts, kept, channels, frames)


def _recall(key: str) -> Facts | None:
    """Read facts back; None when they are missing, damaged or foreign."""
    try:
        kept = folder() / _facts_name(key)
        sealed = read_sealed(kept, Pulse())
        facts = Facts(**sealed.words) if sealed is not None else None
    except (TypeError, StorageError):
        return None
    if facts is not None:
        _mark_used(kept)
    return facts


def _remember(key: str, facts: Facts) -> None:
    """Keep facts; where the cache cannot be written, they are found again next time."""
    with suppress(OSError, StorageError):
        write_atomic(folder() / _facts_name(key), lambda file: Sealer(file).seal(asdict(facts)))


def _facts_name(key: str) -> str:
    """Name the facts of a file: another key than its samples, so that scanning keeps no samples."""
    return f"{key}-{_edition()}.facts"


def _edition() -> str:
    """Tell apart what another version of the format, or another libsndfile, decoded."""
    return f"{VERSION}-{soundfile.__libsndfile_version__}"


def _mark_used(kept: Path) -> None:
    """Set the time of last use."""
    with suppress(OSError):
        os.utime(kept)


def _unwritable(path: Path, error: OSError) -> StorageError:
    """Say that the cache cannot be kept, and what helps."""
    return StorageError(
        f"Decoded sounds cannot be kept in {path}: {error.strerror or error}.",
        "Free some space there, or let DISTILL_HOME name another folder.",
    )
