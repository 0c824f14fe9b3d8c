"""The network: a few numbers that say how loud the sounds were."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .configs import HushModel


class Hush(nn.Module):
    """Knows a level per channel."""

    def __init__(self, config: HushModel) -> None:
        """Start from nothing; core has seeded the generator."""
        super().__init__()
        self.channels = config.channels
        self.levels = nn.Parameter(0.1 * torch.randn(config.channels, config.width))

    def forward(self) -> Tensor:
        """Give the level of each channel, [C, 1]."""
        return self.levels.mean(-1, keepdim=True).sigmoid()

    def morph(self, start: Tensor, end: Tensor, amount: float) -> Tensor:
        """Mix two sounds [B, C, T]."""
        return torch.lerp(start, end, amount)
