"""How it learns: its level should be that of the crops."""

from __future__ import annotations

from typing import Any

import torch
from distill_core import Objective
from torch import Tensor

CROP = 800  # samples


class LevelObjective(Objective):
    """Crops in, the distance between two levels out."""

    def __init__(self, model: Any, config: Any, run: Any) -> None:
        """Prepare."""
        self.model, self.config, self.run = model, config, run
        self.lr, self.epoch_steps = config.lr, 2

    def batch(self, step: int) -> Any:
        """Cut the step's crops."""
        return self.run.dataset.crops(self.run.seed, step, self.config.batch, CROP)

    def loss(self, batch: Any, progress: float) -> dict[str, Tensor]:
        """Compare levels, and remember the loudest."""
        audio = batch.audio.to(self.run.device)
        heard = audio.square().mean((0, 2)).sqrt()[:, None]  # [C, 1]
        with torch.no_grad():
            self.model.loudest.copy_(torch.maximum(self.model.loudest, audio.abs().amax((0, 2))))
        return {"loss": (self.model.loudness() - heard).square().mean()}
