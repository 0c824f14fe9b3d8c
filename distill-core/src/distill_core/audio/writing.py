"""Write samples as a sound file, whole or not at all, in any format that libsndfile writes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ..atomic import write_atomic
from ..errors import AudioError

WRITTEN_AT_ONCE = 1 << 16  # frames; libsndfile overflows its stack on one long write of OGG
FULL_SCALE = 1.0


def write_sound(
    path: Path,
    samples: npt.NDArray[np.float32],
    sample_rate: int,
    kind: str,
    subtype: str,
    words: Mapping[str, str] | None = None,
) -> None:
    """Write samples [C, T], clipped to full scale; an existing file is replaced.

    Args:
        path: where.
        samples: finite.
        sample_rate: in Hz.
        kind: libsndfile's name of the format, as WAV.
        subtype: libsndfile's name of the encoding, as PCM_24.
        words: tags by soundfile's names (comment, title, artist and the like).

    Raises:
        AudioError: the format cannot hold such a sound.
        OSError: the disk is full or the folder may not be written.
    """
    write_atomic(path, encoded(samples, sample_rate, kind, subtype, words or {}))


def encoded(
    samples: npt.NDArray[np.float32],
    sample_rate: int,
    kind: str,
    subtype: str,
    words: Mapping[str, str],
) -> bytes:
    """Encode samples [C, T] in memory: libsndfile keeps a full disk to itself in FLAC, OGG and MP3.

    It does so in a thread, where no signal is answered: a KeyboardInterrupt within libsndfile's
    calls back would be lost, and the sound with it.

    Raises:
        AudioError: the format cannot hold such a sound.
    """
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(_encoded, samples, sample_rate, kind, subtype, words).result()


def _encoded(
    samples: npt.NDArray[np.float32],
    sample_rate: int,
    kind: str,
    subtype: str,
    words: Mapping[str, str],
) -> bytes:
    whole = io.BytesIO()
    try:
        with soundfile.SoundFile(
            whole, "w", sample_rate, samples.shape[0], subtype, format=kind
        ) as file:
            for name, text in words.items():
                setattr(file, name, text)  # before any audio: FLAC, OGG and MP3 keep it only there
            for start in range(0, samples.shape[1], WRITTEN_AT_ONCE):
                block = samples[:, start : start + WRITTEN_AT_ONCE]
                file.write(np.ascontiguousarray(np.clip(block, -FULL_SCALE, FULL_SCALE).T))
    except soundfile.SoundFileError as error:
        raise AudioError(f"The sound cannot be written as {kind}: {error}") from error
    return whole.getvalue()
