"""Spectral losses: how far two sounds are apart, heard through mel bands at many window lengths.

Letters: B batch, T samples, N frames, F bins, M mels. Sounds are [B, T]; fold channels into B.
The multi-scale mel distance is that of "High-Fidelity Audio Compression with Improved RVQGAN"
(Kumar et al. 2023, section 3.4).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from attrs import frozen
from distill_core import mel_filters
from torch import Tensor, nn

MEL_FLOOR = 1e-5  # magnitudes below are silence
POWER_FLOOR = 1e-8
HOPS_PER_WINDOW = 4
ENERGY_WINDOW, ENERGY_BANDS, ENERGY_FRAMES = 1024, 40, 16
TINY = 1e-12  # magnitudes below have no phase


class Magnitudes(torch.autograd.Function):
    """|rfft| of real frames [..., window] as [..., F].

    PyTorch's own gradient of rfft is a complex transform of twice the length, which took a third of
    a training step on a CPU; a real inverse transform gives the same numbers.
    """

    @staticmethod
    def forward(ctx: Any, frames: Tensor) -> Tensor:
        """Give magnitudes; keep the spectrum for the way back."""
        spectrum = torch.fft.rfft(frames)
        magnitudes: Tensor = spectrum.abs()
        ctx.save_for_backward(spectrum, magnitudes)
        return magnitudes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Give the gradient of the frames: each bin pulls along its own phase."""
        spectrum, magnitudes = ctx.saved_tensors
        window = 2 * (spectrum.shape[-1] - 1)
        pull = gradients[0] / magnitudes.clamp_min(TINY)
        pull[..., 1:-1] *= 0.5  # irfft counts these bins twice, for their mirror images
        frames: Tensor = torch.fft.irfft(spectrum * pull, window, norm="forward")
        return frames


def transform(sound: Tensor, taper: Tensor) -> Tensor:
    """Give |STFT| [B, N, F] of sound [B, T] at a hop of a quarter window, edges reflected."""
    window = len(taper)
    padded = F.pad(sound, (window // 2, window // 2), mode="reflect")
    frames = padded.unfold(-1, window, window // HOPS_PER_WINDOW) * taper  # [B, N, window]
    magnitudes: Tensor = Magnitudes.apply(frames)  # type: ignore[no-untyped-call]
    return magnitudes


@frozen
class SpectralDistance:
    """How far two sounds are apart, each a mean difference of log10 magnitudes or powers."""

    mel: Tensor  # []
    energy: Tensor  # []


class SpectralLoss(nn.Module):
    """Mel distance at many window lengths, and the difference of smoothed band powers.

    The least L1 of log mels is at the *median* of a noise, which is quieter than its mean power;
    smoothing before the logarithm tells the network how loud a noise really is.
    """

    def __init__(
        self, sample_rate: int, windows: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)
    ) -> None:
        super().__init__()
        self.windows = windows
        for window in windows:
            filters = mel_filters(window, window * 5 // 32, sample_rate).float()
            self.register_buffer(f"taper_{window}", torch.hann_window(window), persistent=False)
            self.register_buffer(f"filters_{window}", filters, persistent=False)
        bands = mel_filters(ENERGY_WINDOW, ENERGY_BANDS, sample_rate).float()
        self.register_buffer("bands", bands, persistent=False)

    def forward(self, sound: Tensor, target: Tensor) -> SpectralDistance:
        """Compare sounds [B, T]; those shorter than the longest window are padded to it."""
        lack = max(0, max(self.windows) - sound.shape[-1])
        sound, target = F.pad(sound, (0, lack)), F.pad(target, (0, lack))
        mel, energy = sound.new_zeros(()), sound.new_zeros(())
        for window in self.windows:
            taper = self.get_buffer(f"taper_{window}")
            filters = self.get_buffer(f"filters_{window}")
            made, wanted = transform(sound, taper), transform(target, taper)  # [B, N, F]
            logs = [torch.log10(each @ filters + MEL_FLOOR) for each in (made, wanted)]
            mel = mel + F.l1_loss(logs[0], logs[1])
            if window == ENERGY_WINDOW:
                energy = F.l1_loss(self._energies(made), self._energies(wanted))
        return SpectralDistance(mel=mel / len(self.windows), energy=energy)

    def _energies(self, magnitudes: Tensor) -> Tensor:
        """Give log10 powers [B, M, N'] of bands, smoothed over frames."""
        power = (magnitudes.square() @ self.get_buffer("bands")).transpose(1, 2)  # [B, M, N]
        width = min(ENERGY_FRAMES, power.shape[-1])
        smooth = F.avg_pool1d(power, width, max(1, width // 2))
        return torch.log10(smooth + POWER_FLOOR)
