"""The network: how loud sounds are, and how loudness is coded.

Letters: B batch, C channels, T samples, K levels, N frames.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Level(nn.Module):
    """Knows a level per channel; codes say the mean of a frame."""

    levels, hop = 1, 50

    def __init__(self, config: Any) -> None:
        """Start from nothing; core has seeded the generator."""
        super().__init__()
        self.sample_rate, self.channels = config.sample_rate, config.channels
        self.entries = config.entries
        self.level = nn.Parameter(0.1 * torch.randn(config.channels))
        self.register_buffer("loudest", torch.zeros(config.channels))

    def loudness(self) -> Tensor:
        """Give the level of each channel, [C, 1]."""
        return (self.level.sigmoid() * (0.5 + self.loudest))[:, None]

    def mixes_with(self, other: nn.Module) -> bool:
        """One level and another have a level between them."""
        return isinstance(other, Level) and other.channels == self.channels

    def fitting(self, settings: Any) -> Any:
        """Leave nothing out: every network knows all."""
        return settings

    def encode(self, audio: Tensor) -> Tensor:
        """Turn sounds [B, C, T] into codes [B, 1, ceil(T / hop)]."""
        padded = F.pad(audio, (0, -audio.shape[-1] % self.hop))
        means = padded.mean(1).reshape(len(audio), 1, -1, self.hop).mean(-1)  # [B, 1, N]
        return ((means.clamp(-1, 1) + 1) / 2 * (self.entries - 1)).round().long()

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        """Turn codes [B, 1, N] into sounds [B, C, samples]."""
        means = codes[:, 0] / (self.entries - 1) * 2 - 1  # [B, N]
        held = means.repeat_interleave(self.hop, -1)[:, None, :samples]
        return held.repeat(1, self.channels, 1)

    def morph(self, start: Tensor, end: Tensor, amount: float) -> Tensor:
        """Mix two sounds [B, C, T]."""
        return torch.lerp(start, end, amount)
