"""How the VAE learns, as core's loop drives it: crops, spectral losses, an annealed divergence.

Letters: B batch, C channels, T samples, M mels, N frames, L latent frames, D numbers of a latent.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from attrs import frozen
from distill_core import CropObjective, Run
from torch import Tensor

from .configs import VAETraining
from .metrics import VAEEpochMetrics
from .network import ConvVAE
from .shifting import shift_bands
from .spectrogram import MAGNITUDE_FLOOR
from .telling import Told

ACTIVE_NATS = 0.5  # a latent number that tells less of its frame is not used
LEAST_ACTIVE = 0.25  # of the latent numbers; with fewer the posterior has collapsed
SETTLED = 0.3  # of the run; before that latents are still finding their use
ENERGY_FRAMES = 8  # over which band energies are smoothed
POWER_FLOOR = 1e-8
LOUDEST_WEIGHT = 8.0  # that a band's frequency has in the loss, at most; 1 is the mean


@frozen
class Losses:
    """How far spectrograms came back."""

    magnitude: Tensor  # [], mean |log10 difference|
    energy: Tensor  # [], the same of smoothed band energies
    frequency: Tensor  # [], mean difference, weighted by magnitude


class VAEObjective(CropObjective):
    """The loss of crops and of held-out clips, and what the latents tell."""

    betas = (0.8, 0.99)  # as the codec's: spectral losses change quickly at first
    epoch = VAEEpochMetrics

    def __init__(self, model: ConvVAE, config: VAETraining, run: Run) -> None:
        """Read the held-out clips."""
        super().__init__(model, run, lr=config.lr, batch=config.batch, seconds=config.crop_seconds)
        self.network, self.config = model, config
        self.weight_decay = cast("float", config.weight_decay)
        self.progress = 0.0
        self.told = Told(model.latent_size)
        self.active = model.latent_size

    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Send audio [B, C, T] through the network and tell how far it came back."""
        with torch.no_grad():
            wanted = self.network.spectrograms(audio)
            if self.network.training:
                wanted = shift_bands(wanted, self.config.band_shift)
        posterior = self.network.posterior(self._noisy(wanted))
        learning = self.network.training
        latents = posterior.draw() if learning else posterior.mean
        losses = compare_spectrograms(self.network.decode(latents), wanted)
        reconstruction = (
            losses.magnitude
            + self.config.energy_weight * losses.energy
            + self.config.frequency_weight * losses.frequency
        )
        if not learning:  # sounds are judged by what comes back, whatever the weight by now
            return {"loss": reconstruction}
        divergence = posterior.divergence().mean((0, 1))  # [D]
        self.progress = progress
        self.told.add(reconstruction, posterior)
        free = cast("float", self.config.free_bits)
        penalty = self.kl_weight(progress) * divergence.clamp_min(free).sum()
        return {"loss": reconstruction + penalty}

    def kl_weight(self, progress: float) -> float:
        """Give the divergence's weight by now: it rises evenly (Bowman et al. 2016)."""
        weight, share = cast("float", self.config.kl_weight), cast("float", self.config.annealing)
        return weight * min(1.0, progress / share) if share else weight

    def report(self) -> dict[str, Any]:
        """Give the epoch's means and how many latent numbers tell anything; count anew."""
        told, self.told = self.told, Told(self.network.latent_size)
        self.active = int((told.nats > ACTIVE_NATS).sum())
        return {
            "reconstruction_loss": told.reconstruction, "kl_divergence": told.divergence,
            "kl_weight": self.kl_weight(self.progress), "active_dimensions": self.active,
            "latent_size": self.network.latent_size,
        }  # fmt: skip

    def warnings(self) -> list[str]:
        """Warn of a collapsed posterior, once there was time to use the latents."""
        size = self.network.latent_size
        if self.progress < SETTLED or self.active >= LEAST_ACTIVE * size:
            return []
        return [
            f"Posterior collapse: {self.active} of {size} latent numbers tell anything, so sliders"
            " will move little: train longer, choose a smaller --kl-weight or more --free-bits, or"
            " --preset expressive."
        ]

    def state(self) -> dict[str, Tensor]:
        """Give the epoch's sums, so that a resumed epoch reports as an unbroken one."""
        return {"sums": self.told.sums.clone(), "active": torch.tensor(self.active)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take them back."""
        self.told.sums = state["sums"].clone()
        self.active = int(state["active"])

    def _noisy(self, spectrograms: Tensor) -> Tensor:
        """Blur what the encoder hears, so that it does not learn clips by heart."""
        amount = cast("float", self.config.input_noise)
        if not self.network.training or not amount:
            return spectrograms
        deviations = self.network.stats[1::2].view(2, 1, 1)
        return spectrograms + amount * deviations * torch.randn_like(spectrograms)


def compare_spectrograms(made: Tensor, wanted: Tensor) -> Losses:
    """Tell how far spectrograms [B, C, 2, M, N] are from those that were wanted."""
    (logs, frequency), (meant, told) = made.unbind(2), wanted.unbind(2)  # [B, C, M, N] each
    weights = 10**meant
    weights = (weights / (weights.mean((2, 3), keepdim=True) + MAGNITUDE_FLOOR)).clamp_max(
        LOUDEST_WEIGHT
    )
    return Losses(
        magnitude=F.l1_loss(logs, meant),
        energy=F.l1_loss(_energies(logs), _energies(meant)),
        frequency=((frequency - told).abs() * weights).mean(),
    )


def _energies(logs: Tensor) -> Tensor:
    """Give log10 powers of bands [B, C, M, N'], smoothed over frames.

    The least L1 of log magnitudes is at the median of a noise, which is quieter than its power.
    """
    power = (10 ** (2 * logs)).flatten(0, 1)  # [B C, M, N]
    width = min(ENERGY_FRAMES, power.shape[-1])
    return torch.log10(F.avg_pool1d(power, width, max(1, width // 2)) + POWER_FLOOR)
