"""How much the latents tell of what they stand for, summed up over an epoch.

Letters: B batch, L latent frames, D numbers of a latent.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .network import Posterior

LEAST_VARIANCE = 1e-12


class Told:
    """What was told of an epoch's steps, and the figures that follow.

    Attributes:
        sums: float64 [7, D]: steps, reconstruction losses, divergences, means, their squares,
            variances and the logarithms of those; what all numbers share stands in each column.
    """

    def __init__(self, latent_size: int) -> None:
        self.sums = torch.zeros(7, latent_size, dtype=torch.float64)

    @torch.no_grad()
    def add(self, reconstruction: Tensor, posterior: Posterior) -> None:
        """Count a step: its loss [], and what the encoder believed, [B, L, D]."""
        mean, log_variance = posterior.mean, posterior.log_variance
        each = [
            torch.ones_like(mean), reconstruction.expand_as(mean), posterior.divergence(),
            mean, mean.square(), log_variance.exp(), log_variance,
        ]  # fmt: skip
        self.sums += torch.stack([values.mean((0, 1)) for values in each]).double().cpu()

    @property
    def means(self) -> Tensor:
        """Give the sums over the number of steps."""
        return self.sums[1:] / self.sums[0].clamp_min(1)

    @property
    def reconstruction(self) -> float:
        """Give the mean reconstruction loss."""
        return float(self.means[0, 0])

    @property
    def divergence(self) -> float:
        """Give the mean KL divergence of a latent frame, in nats."""
        return float(self.means[1].sum())

    @property
    def nats(self) -> Tensor:
        """Say how much each latent number tells of its frame, in nats, [D].

        The mutual information of a normal aggregate posterior: the divergence less what the
        aggregate itself is away from the prior (Hoffman and Johnson 2016, "ELBO surgery").
        """
        _, _, mean, square, variance, log_variance = self.means
        whole = (square - mean.square()).clamp_min(0) + variance
        told: Tensor = (whole.clamp_min(LEAST_VARIANCE).log() - log_variance) / 2
        return told
