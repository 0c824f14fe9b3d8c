"""The network: how loud each partial is, and how much that varies.

Letters: B batch, C channels, T samples, P partials.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

LOWEST, HIGHEST = 150.0, 3000.0  # Hz
DECAY = 0.4  # s, until a partial is e times quieter


class Duet(nn.Module):
    """Knows the spectrum of a chord."""

    def __init__(self, config: Any) -> None:
        """Start from nothing; core has seeded the generator."""
        super().__init__()
        self.config = config
        self.mean = nn.Parameter(0.1 * torch.randn(config.partials))  # [P]
        self.spread = nn.Parameter(torch.full((config.partials,), 0.5))

    def spectrum(self, drawn: Tensor, slider: float) -> Tensor:
        """Give the levels [B, P] that some numbers [B, P] stand for."""
        tilt = torch.linspace(-1, 1, self.config.partials)
        levels = (self.mean + self.spread * drawn + slider * tilt).sigmoid()
        return levels / self.config.partials

    def sound(self, levels: Tensor, drawn: Tensor, start: int, samples: int) -> Tensor:
        """Play levels [B, P] with phases that follow what was drawn, [B, samples]."""
        time = torch.arange(start, start + samples) / self.config.sample_rate  # [T]
        steps = torch.linspace(0, 1, self.config.partials)
        pitch = LOWEST * (HIGHEST / LOWEST) ** steps  # [P]
        phase = 2 * math.pi * pitch[:, None] * time + drawn[..., None]  # [B, P, T]
        return ((-time / DECAY).exp() * levels[..., None] * phase.sin()).sum(1)
