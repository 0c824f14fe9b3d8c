"""Try the libraries that Distill stands on: `python -m distill_core.libraries GROUP`.

In a process of its own, since an import may crash or hang. Each result is told on a line as soon as
it is known, so that a crash costs only what comes after it.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

MARK = "\x1e"  # before each result: a library may print what it likes
GROUPS = {"computing": ("torch", "torchaudio"), "sounds": ("numpy", "soundfile")}
# how each kind of file is written when it is tried: libsndfile's format and subtype
TRIED = {
    "wav": ("WAV", "PCM_24"), "flac": ("FLAC", "PCM_24"), "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"), "aiff": ("AIFF", "PCM_24"),
    "caf": ("CAF", "PCM_24"), "au": ("AU", "PCM_24"), "w64": ("W64", "PCM_24"),
    "rf64": ("RF64", "PCM_24"),
}  # fmt: skip
TRIED_FRAMES, TRIED_RATE = 4800, 48_000


def try_torch() -> dict[str, Any]:
    """Import torch, and ask it what it would compute on."""
    import torch

    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        cuda = torch.cuda.is_available()  # complains of a driver that is too old
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    try:
        torch.zeros(1).numpy()
        bridge = ""
    except RuntimeError as error:
        bridge = str(error)
    return {
        "version": str(torch.__version__),
        "build": torch.version.cuda or getattr(torch.version, "hip", None),
        "threads": torch.get_num_threads(),
        "cuda": names if cuda else [],
        "complaint": str(complaints[-1].message) if complaints and not cuda else "",
        "mps": bool(torch.backends.mps.is_available()),
        "bridge": bridge,  # why torch and numpy cannot share memory
    }


def try_torchaudio() -> dict[str, Any]:
    """Import torchaudio, and let it compute something."""
    import torch
    import torchaudio

    torchaudio.functional.resample(torch.zeros(1, TRIED_FRAMES), TRIED_RATE, TRIED_RATE // 2)
    return {"version": str(torchaudio.__version__)}


def try_numpy() -> dict[str, Any]:
    """Import numpy."""
    import numpy as np

    return {"version": str(np.__version__)}


def try_soundfile() -> dict[str, Any]:
    """Import soundfile; write and read a sound of each kind, in memory."""
    import numpy as np
    import soundfile

    written, read = [], []
    silence = np.zeros((TRIED_FRAMES, 1), np.float32)
    for name, (kind, subtype) in TRIED.items():
        file = io.BytesIO()
        try:
            soundfile.write(file, silence, TRIED_RATE, format=kind, subtype=subtype)
            written.append(name)
            file.seek(0)
            if len(soundfile.read(file)[0]):
                read.append(name)
        except (soundfile.SoundFileError, ValueError, TypeError):
            continue
    return {
        "version": str(soundfile.__version__), "library": str(soundfile.__libsndfile_version__),
        "written": written, "read": read,
    }  # fmt: skip


def attempt(name: str, work: Callable[[], dict[str, Any]]) -> str:
    """Try one thing and write down what came of it: whatever it raises is a result."""
    try:
        result = {"name": name, "told": work()}
    except (Exception, SystemExit) as error:  # a broken library may raise anything
        module = getattr(error, "name", None) if isinstance(error, ImportError) else None
        result = {
            "name": name, "error": type(error).__name__, "message": str(error),
            "missing": module.split(".")[0] if isinstance(module, str) else "",
        }  # fmt: skip
    return f"\n{MARK}{json.dumps(result)}\n"


TRIALS = {
    "torch": try_torch, "torchaudio": try_torchaudio, "numpy": try_numpy,
    "soundfile": try_soundfile,
}  # fmt: skip


def main(group: str) -> None:
    """Try a group of libraries."""
    for name in GROUPS[group]:
        sys.stdout.write(attempt(name, TRIALS[name]))
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
