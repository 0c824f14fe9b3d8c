"""Bring a sound to the number of channels that a model wants. Letters: C channels, T samples."""

from __future__ import annotations

import numpy as np

from ..errors import AudioError
from .decoding import Block


def mix(samples: Block, channels: int) -> Block:
    """Mix `[C, T]` down or up.

    To one channel: the mean of all. From one: copies. From more to fewer (but more than one): the
    first ones, since every layout that WAV, AIFF and FLAC define begins with front left and right;
    the others (centre, surround, further microphones) are left out rather than smeared.

    Raises:
        AudioError: from several channels to more of them, which would have to invent some.
    """
    have = len(samples)
    if have == channels:
        return samples
    if channels == 1:
        mean: Block = samples.mean(0, keepdims=True, dtype=np.float32)
        return mean
    if have == 1:
        return np.repeat(samples, channels, 0)
    if have > channels:
        return np.ascontiguousarray(samples[:channels])
    raise AudioError(
        f"A sound of {have} channels cannot become one of {channels}.", "Ask for 1, or for fewer."
    )
