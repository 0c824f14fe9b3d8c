"""More sounds than there are: spectrograms moved up and down.

Letters: B batch, C channels, M mels, N frames.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .spectrogram import MAGNITUDE_FLOOR


def shift_bands(spectrograms: Tensor, most: int) -> Tensor:
    """Move each of the spectrograms [B, C, 2, M, N] up or down by some bands, drawn evenly.

    What comes in at the edge is silent. Draws from torch's global generator.
    """
    if not most:
        return spectrograms
    examples, mels = spectrograms.shape[0], spectrograms.shape[3]
    by = torch.randint(-most, most + 1, (examples, 1), device=spectrograms.device)
    source = torch.arange(mels, device=spectrograms.device) - by  # [B, M]
    index = source.clamp(0, mels - 1).view(examples, 1, 1, mels, 1).expand_as(spectrograms)
    inside = ((source >= 0) & (source < mels)).view(examples, 1, 1, mels, 1)
    silence = spectrograms.new_tensor([math.log10(MAGNITUDE_FLOOR), 0.0]).view(2, 1, 1)
    return torch.where(inside, spectrograms.gather(3, index), silence)
