"""How hush learns: its level should be that of the crops."""

from __future__ import annotations

from typing import Any

from distill_core import Objective
from torch import Tensor

from .configs import HushTraining
from .network import Hush

CROP_SECONDS = 0.1


class HushObjective(Objective):
    """Crops in, the distance between two levels out."""

    def __init__(self, model: Hush, config: HushTraining, run: Any) -> None:
        """Prepare."""
        self.model, self.config, self.run = model, config, run
        self.lr = config.lr / 2 if config.patient else config.lr
        self.epoch_steps = 2
        self.crop = round(CROP_SECONDS * run.dataset.sample_rate)

    def batch(self, step: int) -> Any:
        """Cut the step's crops."""
        return self.run.dataset.crops(self.run.seed, step, self.config.batch, self.crop)

    def loss(self, batch: Any, progress: float) -> dict[str, Tensor]:
        """Compare levels."""
        heard = batch.audio.square().mean((0, 2)).sqrt()[:, None]  # [C, 1]
        return {"loss": (self.model() - heard.to(self.run.device)).square().mean()}
