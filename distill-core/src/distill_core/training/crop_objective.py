"""An objective that learns from random crops: all but the loss is there.

Letters: B batch, C channels, T samples.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..audio.crops import Crops
from .objective import Objective

if TYPE_CHECKING:
    from .run import Run

HELD_OUT_SECONDS = 2.0  # of each held-out clip are judged
MOST_HELD_OUT = 64  # clips; more tell little and cost time


class CropObjective(Objective):
    """Learns from random crops, and is judged by the beginnings of held-out clips.

        class Levels(CropObjective):
            def compare(self, audio, progress):
                return {"loss": (self.model(audio) - audio).abs().mean()}

        run.fit(Levels(model, run, lr=config.training.lr, batch=16, seconds=0.5))

    Attributes:
        run: the stage that is trained.
        count: crops of a batch.
        crop: samples of a crop.
        held_out: the held-out sounds, float32 [C, T] each.
        judged: which of the losses is measured on them.
    """

    judged: str = "loss"

    def __init__(
        self,
        model: nn.Module,
        run: Run,
        *,
        lr: float,
        batch: int,
        seconds: float,
        shortest: int | None = None,
    ) -> None:
        """Read the held-out clips.

        Args:
            model: the network.
            run: the stage.
            lr: peak learning rate.
            batch: crops per step.
            seconds: length of a crop.
            shortest: samples to which shorter held-out clips are padded with silence; a crop's by
                default.
        """
        data = run.dataset
        self.model, self.run, self.lr, self.count = model, run, lr, batch
        self.crop = max(1, round(seconds * data.sample_rate))
        self.epoch_steps = data.epoch_steps(batch, seconds)
        shortest = self.crop if shortest is None else shortest
        longest = max(shortest, round(HELD_OUT_SECONDS * data.sample_rate))
        clips = [data.waveform(clip)[:, :longest] for clip in data.held_out[:MOST_HELD_OUT]]
        self.held_out = [
            nn.functional.pad(clip, (0, max(0, shortest - clip.shape[-1]))) for clip in clips
        ]

    @abstractmethod
    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Give the losses of sounds, float32 [B, C, T] on the run's device; "loss" is minimised.

        `progress` goes from 0 to 1 in training, and is 1 where held-out clips are judged, each as
        a batch of its own.
        """

    def batch(self, step: int) -> Crops:
        """Cut the step's crops."""
        return self.run.dataset.crops(self.run.seed, step, self.count, self.crop)

    def loss(self, batch: Crops, progress: float) -> dict[str, Tensor]:
        """Give the losses of the crops."""
        return self.compare(batch.audio.to(self.run.device), progress)

    def held_out_loss(self) -> float | None:
        """Give the mean of the held-out clips' losses, None when there are none."""
        if not self.held_out:
            return None
        found = [self.compare(clip[None].to(self.run.device), 1.0) for clip in self.held_out]
        return float(torch.stack([each[self.judged] for each in found]).mean())
