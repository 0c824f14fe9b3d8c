"""Write samples as a sound file, whole or not at all, in any format that libsndfile writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ..atomic import replacing
from ..errors import StorageError

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
        StorageError, OSError: the disk is full or the folder may not be written.
    """
    frames = np.clip(samples, -FULL_SCALE, FULL_SCALE).T  # [T, C]
    try:
        with (
            replacing(path) as beside,
            soundfile.SoundFile(
                str(beside), "w", sample_rate, samples.shape[0], subtype, format=kind
            ) as file,
        ):
            for name, text in (words or {}).items():
                setattr(file, name, text)  # before any audio: FLAC, OGG and MP3 keep it only there
            for start in range(0, len(frames), WRITTEN_AT_ONCE):
                file.write(np.ascontiguousarray(frames[start : start + WRITTEN_AT_ONCE]))
    except soundfile.SoundFileError as error:
        raise StorageError(f"{path} cannot be written: {error}") from error
