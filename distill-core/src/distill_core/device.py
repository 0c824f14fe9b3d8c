"""Choose the device to compute on, and how many threads."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from .errors import ConfigError

DEVICES = ("auto", "cpu", "cuda", "mps")
MOST_THREADS = 256


def pick_device(device: str = "auto") -> str:
    """Turn "auto" into CUDA where it is and else the CPU, and refuse what is not there.

    Raises:
        ConfigError: no such device on this machine.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": _has_mps()}
    if device == "auto":
        return "cuda" if there["cuda"] else "cpu"  # mps is there to be tried, but is not tested
    if device not in there:
        raise ConfigError(f"--device: {device!r} is not one of {', '.join(sorted(DEVICES))}.")
    if not there[device]:
        raise ConfigError(f"--device: this machine has no {device}.", "Use --device auto.")
    return device


def set_threads(threads: int | None) -> int:
    """Set the number of threads torch computes with (None leaves it) and say what it is.

    Raises:
        ConfigError: that is no number of threads; OpenMP ends the process where it is too large.
    """
    import torch

    if threads is not None:
        given: Any = threads  # Python callers may give anything
        whole = isinstance(given, Integral) and not isinstance(given, bool)
        if not whole or not 1 <= threads <= MOST_THREADS:
            raise ConfigError(
                f"--threads: {threads!r} must be a whole number from 1 to {MOST_THREADS}."
            )
        torch.set_num_threads(int(threads))
    return torch.get_num_threads()


def _has_mps() -> bool:
    import torch

    return torch.backends.mps.is_available()
