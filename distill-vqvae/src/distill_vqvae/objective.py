"""How the codec learns, as core's loop drives it."""

from __future__ import annotations

from typing import Any

from distill_core import Objective, Run
from distill_core.audio.crops import Crops
from torch import Tensor

from .configs import VQVAETraining
from .metrics import VQEpochMetrics
from .network import VQVAE
from .training import VQVAEObjective

LEAST_UTILIZATION = 0.3  # below it a codebook is mostly waste
HELD_OUT_SECONDS = 2.0  # of each held-out clip are judged
SETTLED = 0.3  # of the run; before that codebooks are still finding their data
MOST_HELD_OUT = 64  # clips; more tell little and cost time


class CodecObjective(Objective):
    """Crops in, spectral and commitment losses out; watches the codebooks."""

    epoch = VQEpochMetrics

    def __init__(self, model: VQVAE, config: VQVAETraining, run: Run) -> None:
        """Prepare the held-out clips."""
        self.model: VQVAE = model
        self.inner = VQVAEObjective(model, config)
        self.run, self.config = run, config
        self.lr, self.weight_decay, self.betas = config.lr, config.weight_decay, (0.8, 0.99)
        self.average = 0.99
        self.crop = round(config.crop_seconds * model.sample_rate)
        self.epoch_steps = run.dataset.epoch_steps(config.batch, config.crop_seconds)
        longest = round(HELD_OUT_SECONDS * model.sample_rate)
        self.held_out = [
            run.dataset.waveform(clip)[:, :longest] for clip in run.dataset.held_out[:MOST_HELD_OUT]
        ]
        self.sums: dict[str, float] = {}
        self.counted = 0
        self.usage = model.quantizer.usage()
        self.progress = 0.0

    def batch(self, step: int) -> Crops:
        """Cut the step's crops."""
        return self.run.dataset.crops(self.run.seed, step, self.config.batch, self.crop)

    def loss(self, batch: Crops, progress: float) -> dict[str, Tensor]:
        """Give the losses of the crops."""
        self.progress = progress
        losses = self.inner.loss(batch.audio.to(self.run.device), progress)
        for name in ("reconstruction_loss", "commitment_loss"):
            self.sums[name] = self.sums.get(name, 0.0) + float(losses[name].detach())
        self.counted += 1
        return losses

    def after_step(self, step: int) -> None:
        """Move the codebooks."""
        self.inner.after_step()

    def held_out_loss(self) -> float | None:
        """Give the mean reconstruction loss of the held-out clips."""
        if not self.held_out:
            return None
        found = [
            float(self.inner.loss(clip[None].to(self.run.device), 1.0)["reconstruction_loss"])
            for clip in self.held_out
        ]
        return sum(found) / len(found)

    def report(self) -> dict[str, Any]:
        """Give the epoch's means and the codebooks' health; count anew."""
        self.usage = self.model.quantizer.usage()
        self.model.quantizer.reset_usage()
        means = {name: total / max(1, self.counted) for name, total in self.sums.items()}
        self.sums, self.counted = {}, 0
        rows = zip(self.usage.utilization, self.usage.perplexity, self.usage.dead, strict=True)
        codebooks = [
            {"level": level, "utilization": used, "perplexity": perplexity, "dead": dead}
            for level, (used, perplexity, dead) in enumerate(rows)
        ]
        return means | {"codebooks": codebooks}

    def warnings(self) -> list[str]:
        """Warn of a level that leaves most of its entries unused, once it had time to use them."""
        if self.progress < SETTLED:
            return []
        return [
            f"Level {level} uses {used:.0%} of its {self.model.entries} codebook entries:"
            " train longer, give more sound, or choose a smaller --codebook-size."
            for level, used in enumerate(self.usage.utilization)
            if used < LEAST_UTILIZATION
        ]
