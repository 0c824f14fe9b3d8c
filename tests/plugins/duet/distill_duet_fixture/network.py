"""The network: how loud each partial is, and how much that varies.

Letters: B batch, C channels, T samples, P partials.
"""

from __future__ import annotations

import math
from typing import Any

import attrs
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

    def mixes_with(self, other: nn.Module) -> bool:
        """Chords of equally many partials mix."""
        return (
            isinstance(other, Duet)
            and other.config.partials == self.config.partials
            and other.config.sample_rate == self.config.sample_rate
        )

    def fitting(self, settings: Any) -> Any:
        """Leave the sliders of others out."""
        own = {name: at for name, at in settings.slider.items() if name == self.config.own}
        return attrs.evolve(settings, slider=own)

    def latent(self, drawn: Tensor) -> Tensor:
        """Give the latent [B, P] that some numbers [B, P] stand for."""
        return self.mean + self.spread * drawn

    def spectrum(self, latent: Tensor, slider: float) -> Tensor:
        """Give the levels [B, P] that a latent [B, P] stands for."""
        tilt = torch.linspace(-1, 1, self.config.partials)
        return (latent + slider * tilt).sigmoid() / self.config.partials

    def sound(self, levels: Tensor, drawn: Tensor, start: int, samples: int) -> Tensor:
        """Play levels [B, P] with phases that follow what was drawn, [B, samples]."""
        time = torch.arange(start, start + samples) / self.config.sample_rate  # [T]
        steps = torch.linspace(0, 1, self.config.partials)
        pitch = LOWEST * (HIGHEST / LOWEST) ** steps  # [P]
        phase = 2 * math.pi * pitch[:, None] * time + drawn[..., None]  # [B, P, T]
        return ((-time / DECAY).exp() * levels[..., None] * phase.sin()).sum(1)
