"""An objective that learns from random crops: all but the loss is there.

Letters: B batch, C channels, T samples.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
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
        held_out: the held-out sounds in crops, a batch each, float32 [B, C, T].
    """

    def __init__(
        self,
        model: nn.Module,
        run: Run,
        *,
        lr: float,
        batch: int,
        seconds: float,
    ) -> None:
        """Cut the held-out clips, too.

        Args:
            model: the network.
            run: the stage.
            lr: peak learning rate.
            batch: crops per step.
            seconds: length of a crop; shorter clips are padded with silence.
        """
        data = run.dataset
        self.model, self.run, self.lr, self.count = model, run, lr, batch
        self.crop = max(1, round(seconds * data.sample_rate))
        self.epoch_steps = data.epoch_steps(batch, seconds)
        longest = max(self.crop, round(HELD_OUT_SECONDS * data.sample_rate))
        pieces = [
            piece
            for clip in data.held_out[:MOST_HELD_OUT]
            for piece in self._pieces(data.waveform(clip)[:, :longest])
        ]
        self.held_out = [
            torch.stack(pieces[first : first + batch]) for first in range(0, len(pieces), batch)
        ]

    @abstractmethod
    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Give the losses of sounds, float32 [B, C, T] on the run's device; "loss" is minimised.

        `progress` goes from 0 to 1 in training, and is 1 where held-out sounds are judged.
        """

    def batch(self, step: int) -> Crops:
        """Cut the step's crops."""
        return self.run.dataset.crops(self.run.seed, step, self.count, self.crop)

    def loss(self, batch: Crops, progress: float) -> dict[str, Tensor]:
        """Give the losses of the crops."""
        return self.compare(batch.audio.to(self.run.device), progress)

    def held_out_loss(self) -> float | None:
        """Give the mean loss of the held-out crops, None when there are none."""
        if not self.held_out:
            return None
        losses = [self.compare(each.to(self.run.device), 1.0)["loss"] for each in self.held_out]
        counts = torch.tensor([len(each) for each in self.held_out], dtype=torch.float32)
        return float((torch.stack(losses).cpu() * counts).sum() / counts.sum())

    def _pieces(self, clip: Tensor) -> Sequence[Tensor]:
        """Cut a clip [C, T] into crops, the last one padded."""
        padded = nn.functional.pad(clip, (0, -clip.shape[-1] % self.crop))
        return padded.chunk(padded.shape[-1] // self.crop, -1)
