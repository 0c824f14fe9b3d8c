"""Blocks of networks that hear sound as a row of frames.

Letters: B batch, N frames, D width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 7  # frames that a block looks at
EXPANSION = 3  # of the width inside a block
LAYER_SCALE = 0.1  # what a block adds at first


class ConvNeXtBlock(nn.Module):
    """Mixes frames [B, N, D] per channel, then channels per frame, and adds that to them.

    From "A ConvNet for the 2020s" (Liu et al. 2022), in one dimension.

    Args:
        width: of the frames (D).
        dropout: share of numbers dropped in training.

    Attributes:
        reach: frames on either side that a frame follows from.
    """

    reach = KERNEL // 2

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, width, (1, KERNEL), padding=(0, self.reach), groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, width * EXPANSION)
        self.narrow = nn.Linear(width * EXPANSION, width)
        self.dropout = nn.Dropout(dropout)
        self.scale = nn.Parameter(torch.full((width,), LAYER_SCALE))

    def forward(self, frames: Tensor) -> Tensor:
        """Give frames [B, N, D] of the same shape."""
        # As 2-d convolution: PyTorch's depthwise one is three times faster on a CPU than its 1-d.
        mixed = self.mix(frames.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)
        hidden = F.gelu(self.widen(self.norm(mixed)))  # [B, N, 3D]
        added: Tensor = self.scale * self.dropout(self.narrow(hidden))
        return frames + added
