"""How it learns: its partials should be as loud as the crops."""

from __future__ import annotations

import torch
from distill_core import CropObjective
from torch import Tensor


class DuetObjective(CropObjective):
    """Crops in, the distance between two levels out."""

    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Compare the mean level with that of sounds [B, C, T]."""
        latent = self.model.latent(torch.zeros(1, self.model.config.partials))
        heard = audio.square().mean().sqrt()
        return {"loss": (self.model.spectrum(latent, 0.0).sum() - heard).square()}
