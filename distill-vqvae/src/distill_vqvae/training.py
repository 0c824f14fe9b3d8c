"""How the codec learns, as core's loop drives it: crops, spectral losses, care of the codebooks.

Letters: B batch, C channels, T samples.
"""

from __future__ import annotations

from typing import Any

import torch
from distill_core import Crops, Objective, Run
from torch import Tensor

from .configs import VQVAETraining
from .losses import SpectralLoss
from .metrics import VQEpochMetrics
from .network import VQVAE
from .quantizer import CodebookUsage

REVIVE_UNTIL = 0.9  # of the run; entries reseeded later would stay untrained
SETTLED = 0.3  # of the run; before that codebooks are still finding their data
LEAST_UTILIZATION = 0.3  # below it a codebook is mostly waste
HELD_OUT_SECONDS = 2.0  # of each held-out clip are judged
SETTLED_SECONDS = 900.0  # of training sound at most; of more, no entry needs help
PIECE_SECONDS = 60.0  # of a clip are encoded at once
MOST_HELD_OUT = 64  # clips; more tell little and cost time


class VQVAEObjective(Objective):
    """The loss of crops, the held-out loss, and what happens to the codebooks between steps."""

    betas = (0.8, 0.99)  # as GAN vocoders use: spectral losses change quickly at first
    epoch = VQEpochMetrics

    def __init__(self, model: VQVAE, config: VQVAETraining, run: Run) -> None:
        """Read the held-out clips and ready the losses."""
        self.model: VQVAE = model
        self.config, self.run = config, run
        self.lr, self.weight_decay = config.lr, config.weight_decay
        self.crop = round(config.crop_seconds * model.sample_rate)
        self.epoch_steps = run.dataset.epoch_steps(config.batch, config.crop_seconds)
        self.spectral_loss = SpectralLoss(model.sample_rate).to(run.device)
        model.quantizer.dropout = config.quantizer_dropout
        longest = round(HELD_OUT_SECONDS * model.sample_rate)
        self.held_out = [
            run.dataset.waveform(clip)[:, :longest] for clip in run.dataset.held_out[:MOST_HELD_OUT]
        ]
        self.progress = 0.0
        self.sums = dict.fromkeys(("reconstruction_loss", "commitment_loss"), 0.0)
        self.counted = 0
        self.usage: CodebookUsage = model.quantizer.usage()

    def batch(self, step: int) -> Crops:
        """Cut the step's crops [B, C, T]."""
        return self.run.dataset.crops(self.run.seed, step, self.config.batch, self.crop)

    def loss(self, batch: Crops, progress: float) -> dict[str, Tensor]:
        """Give the losses of the crops, and count them for the epoch's report."""
        self.progress = progress
        losses = self.compare(batch.audio.to(self.run.device))
        for name in self.sums:
            self.sums[name] += float(losses[name].detach())
        self.counted += 1
        return losses

    def compare(self, audio: Tensor) -> dict[str, Tensor]:
        """Send audio [B, C, T] through the codec and tell how far it came back."""
        coded = self.model(audio)
        distance = self.spectral_loss(_views(coded.reconstruction), _views(audio))
        reconstruction = distance.mel + self.config.energy_weight * distance.energy
        commitment = self.config.commitment_weight * coded.commitment_loss
        return {
            "loss": reconstruction + commitment + coded.codebook_loss,
            "reconstruction_loss": reconstruction,
            "commitment_loss": coded.commitment_loss,
        }

    def after_step(self, step: int) -> None:
        """Move the codebooks after their data, and revive dead entries until near the end."""
        del step
        self.model.quantizer.after_step(revive=self.progress < REVIVE_UNTIL)

    def held_out_loss(self) -> float | None:
        """Give the mean reconstruction loss of the held-out clips, None when there are none."""
        if not self.held_out:
            return None
        found = [self.compare(clip[None].to(self.run.device)) for clip in self.held_out]
        return float(torch.stack([each["reconstruction_loss"] for each in found]).mean())

    def report(self) -> dict[str, Any]:
        """Give the epoch's means and the codebooks' health, and count anew."""
        self.usage = self.model.quantizer.usage()
        self.model.quantizer.reset_usage()
        means = {name: total / max(1, self.counted) for name, total in self.sums.items()}
        self.sums, self.counted = dict.fromkeys(self.sums, 0.0), 0
        rows = zip(self.usage.utilization, self.usage.perplexity, self.usage.dead, strict=True)
        codebooks = [
            {"level": level, "utilization": used, "perplexity": perplexity, "dead": dead}
            for level, (used, perplexity, dead) in enumerate(rows)
        ]
        return means | {"codebooks": codebooks}

    def warnings(self) -> list[str]:
        """Warn of levels that leave most entries unused, once they had time to use them."""
        if self.progress < SETTLED:
            return []
        shares = enumerate(self.usage.utilization)
        idle = [level for level, share in shares if share < LEAST_UTILIZATION]
        return [
            f"Level {level} of the codebook leaves over {1 - LEAST_UTILIZATION:.0%} of its"
            f" {self.model.entries} entries unused: train longer, give more sound, or choose a"
            " smaller --codebook-size."
            for level in idle
        ]

    def state(self) -> dict[str, Tensor]:
        """Give the epoch's sums, so that a resumed epoch reports as an unbroken one."""
        return {"sums": torch.tensor([*self.sums.values(), self.counted], dtype=torch.float64)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take them back."""
        *sums, counted = state["sums"].tolist()
        self.sums, self.counted = dict(zip(self.sums, sums, strict=True)), int(counted)


@torch.no_grad()
def settle(model: VQVAE, run: Run) -> None:
    """Let no entry of the codebooks be unused by the training clips.

    Only all of them together can tell that, so nothing is moved when the run is stopped meanwhile,
    nor on long data, where every entry has sounds enough to find its own.
    """
    if run.dataset.seconds > SETTLED_SECONDS:
        return
    latents: list[Tensor] = []
    piece = round(PIECE_SECONDS * model.sample_rate)
    for clip in run.dataset.train:
        for audio in torch.split(run.dataset.waveform(clip), piece, -1):  # [C, T]
            if run.stopping:
                return
            latents.append(model.latents(audio[None].to(run.device))[0])  # [N, D]
    model.quantizer.settle(torch.cat(latents))


def _views(audio: Tensor) -> Tensor:
    """Fold channels [B, C, T] into the batch; two become middle and side, so that width counts."""
    if audio.shape[1] == 2:
        left, right = audio.unbind(1)
        audio = torch.stack(((left + right) / 2, (left - right) / 2), 1)
    return audio.flatten(0, 1)
