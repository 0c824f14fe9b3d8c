"""Slaney's mel scale (Auditory Toolbox, 1998) as filters of a spectrum.

Letters: F bins, M mels.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

LINEAR_HZ, LINEAR_MELS = 1000.0, 15.0  # where the scale turns from linear to logarithmic
LOG_STEP = math.log(6.4) / 27  # of its logarithmic part: 27 mels from 1 to 6.4 kHz


def mel_filters(window: int, mels: int, sample_rate: int) -> Tensor:
    """Give triangular filters, each of unit area (Slaney's norm), from 0 Hz to Nyquist.

    Args:
        window: samples of the transform; F is window // 2 + 1.
        mels: how many bands (M).
        sample_rate: in Hz.

    Returns:
        float64 [F, M], to multiply magnitudes or powers [..., F] with.
    """
    top = sample_rate / 2
    slope = LINEAR_MELS / LINEAR_HZ
    highest = top * slope
    if top >= LINEAR_HZ:
        highest = LINEAR_MELS + math.log(top / LINEAR_HZ) / LOG_STEP
    marks = np.linspace(0, highest, mels + 2)
    logarithmic = LINEAR_HZ * np.exp(LOG_STEP * (marks - LINEAR_MELS))
    edges = np.where(marks < LINEAR_MELS, marks / slope, logarithmic)  # Hz
    bins = np.linspace(0, top, window // 2 + 1)[:, None]  # [F, 1], Hz
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return torch.from_numpy(triangles)
