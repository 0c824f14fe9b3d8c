"""What the tests of playing share: a small network whose decoder makes sounds that are known."""

from __future__ import annotations

from typing import Any

import torch
from distill_vae import ConvVAE, VAEModel
from distill_vae.analysis import Analysis
from distill_vae.components import find_components, keep

SMALL: dict[str, Any] = {
    "sample_rate": 16000, "n_fft": 512, "hop_length": 128, "n_mels": 48, "hidden_size": 32,
    "layers": 1, "slow_layers": 1, "encoder_layers": 1, "latent_size": 4, "phase_rounds": 2,
    "gesture_seconds": 0.5, "sliders": 3,
}  # fmt: skip


def network(**other: Any) -> ConvVAE:
    """Build a small network that learnt nothing; the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ConvVAE(VAEModel(**(SMALL | other))).eval()


def analysed(analysis: Analysis, gestures: int = 40) -> Analysis:
    """Fill an analysis with gestures that were drawn, a little more along each next number."""
    shape = gestures, *analysis.mean.shape
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    shared = torch.randn((gestures, 3), generator=torch.Generator().manual_seed(2))
    drawn[..., :3] += 4 * shared[:, None] * torch.tensor([3.0, 2.0, 1.0])
    keep(analysis, find_components(drawn, len(analysis.components)), torch.arange(gestures))
    return analysis
