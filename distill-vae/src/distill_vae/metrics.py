"""What an epoch of the VAE reports beyond the losses: how many latent numbers tell anything."""

from __future__ import annotations

import attrs
from distill_core import EpochMetrics


@attrs.frozen(kw_only=True)
class VAEEpochMetrics(EpochMetrics):
    """An epoch of a VAE.

    Attributes:
        reconstruction_loss: mean over the epoch.
        kl_divergence: in nats a latent frame, mean over the epoch.
        kl_weight: at the epoch's end.
        active_dimensions: latent numbers that tell over half a nat of their frame.
        latent_size: numbers that a latent frame has in all.
    """

    reconstruction_loss: float
    kl_divergence: float
    kl_weight: float
    active_dimensions: int
    latent_size: int
