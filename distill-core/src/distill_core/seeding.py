"""The only place that seeds torch's global generator; it always puts it back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

from .errors import ConfigError

LARGEST_DRAWN = 1 << 31  # short enough to be typed again


def mixed(*numbers: int) -> int:
    """Mix numbers (seed, step, rank …) into one seed of 63 bits."""
    text = ",".join(str(number) for number in numbers)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def draw_seed() -> int:
    """Draw a seed for someone who gave none."""
    return uuid.uuid4().int % LARGEST_DRAWN


def chosen_seed(seed: Any) -> int:
    """Take the seed that was given, or draw one.

    Raises:
        ConfigError: what was given is none.
    """
    return draw_seed() if seed is None else checked_seed(seed)


def checked_seed(seed: Any) -> int:
    """Take a whole number that torch's generators can begin from.

    Raises:
        ConfigError: it is none.
    """
    if not isinstance(seed, Integral) or not 0 <= int(seed) < 1 << 63:
        raise ConfigError(f"--seed: {seed} must be a whole number from 0 to {(1 << 63) - 1}.")
    return int(seed)


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Seed the global generators of CPU and CUDA from some numbers, for this block only."""
    import torch

    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = list(range(torch.cuda.device_count())) if used else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(mixed(*numbers))
        yield
