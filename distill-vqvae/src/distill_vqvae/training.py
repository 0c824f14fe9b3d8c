"""What training the codec minimises, and what happens between steps."""

from __future__ import annotations

import torch
from torch import Tensor

from .configs import VQVAETraining
from .losses import SpectralLoss
from .network import VQVAE

REVIVE_UNTIL = 0.9  # of the run; entries reseeded later would stay untrained


class VQVAEObjective:
    """The loss of a batch of crops, and the care of the codebooks between steps."""

    def __init__(self, model: VQVAE, config: VQVAETraining) -> None:
        self.model, self.config = model, config
        device = next(model.parameters()).device
        self.spectral_loss = SpectralLoss(model.sample_rate).to(device)
        self.progress = 0.0
        model.quantizer.dropout = config.quantizer_dropout

    def loss(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Give the losses of crops [B, C, T]; "loss" is what is minimised."""
        self.progress = progress
        coded = self.model(audio)
        distance = self.spectral_loss(_views(coded.reconstruction), _views(audio))
        reconstruction = distance.mel + self.config.energy_weight * distance.energy
        commitment = coded.commitment_loss
        loss = reconstruction + self.config.commitment_weight * commitment + coded.codebook_loss
        return {
            "loss": loss,
            "reconstruction_loss": reconstruction,
            "mel_loss": distance.mel,
            "energy_loss": distance.energy,
            "commitment_loss": commitment,
        }

    def after_step(self) -> None:
        """Move the codebooks after their data, and revive dead entries until near the end."""
        self.model.quantizer.after_step(revive=self.progress < REVIVE_UNTIL)


def _views(audio: Tensor) -> Tensor:
    """Fold channels [B, C, T] into the batch; two become middle and side, so that width counts."""
    if audio.shape[1] == 2:
        left, right = audio.unbind(1)
        audio = torch.stack(((left + right) / 2, (left - right) / 2), 1)
    return audio.flatten(0, 1)
