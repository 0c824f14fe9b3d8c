"""The only place that seeds torch's global generator; it always puts it back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

LARGEST_DRAWN = 1 << 31  # short enough to be typed again


def mixed(*numbers: int) -> int:
    """Mix numbers (seed, step, rank …) into one seed of 63 bits."""
    text = ",".join(str(number) for number in numbers)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def draw_seed() -> int:
    """Draw a seed for someone who gave none."""
    return uuid.uuid4().int % LARGEST_DRAWN


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Seed the global generators of CPU and CUDA from some numbers, for this block only."""
    import torch

    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = list(range(torch.cuda.device_count())) if used else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(mixed(*numbers))
        yield
