"""What it knows, how it plays that and how it learns it. B batch, C channels, T samples, F bins."""

from collections.abc import Iterator

import torch
from distill_core import SECONDS_GOING_ON, CropObjective, Request
from torch import Tensor, fft, nn

SIZE, CHUNK = 2048, 16384  # samples of a frame of the spectrum, and of a chunk that is played


class HushNetwork(nn.Module):
    """Knows how loud each frequency of each channel is."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        super().__init__()
        self.natural = round(SECONDS_GOING_ON * sample_rate)  # samples: noise has no end of its own
        self.levels = nn.Parameter(torch.full((channels, SIZE // 2 + 1), -40.0))  # dB [C, F]

    def play(self, gain: float, request: Request) -> Iterator[Tensor]:
        """Filter white noise, float32 [B, C, T]; the filter goes on without a seam."""
        kernel = fft.fftshift(fft.irfft(10 ** ((self.levels + gain) / 20)), -1)[:, None]
        noise = kernel.new_zeros(len(request.rngs), len(kernel), SIZE)  # [B, C, T]
        for left in range(request.samples or self.natural, 0, -CHUNK):
            fresh = [torch.randn(len(kernel), CHUNK, generator=rng) for rng in request.rngs]
            noise = torch.cat([noise[..., 1 - SIZE :], torch.stack(fresh).to(noise)], -1)
            yield nn.functional.conv1d(noise, kernel, groups=len(kernel))[..., :left]


class HushObjective(CropObjective):
    """Brings the levels nearer to those of the sounds."""

    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Say how many decibels the levels are off those of sounds, float32 [B, C, T]."""
        window = nn.functional.normalize(torch.hann_window(SIZE, device=audio.device), dim=0)
        power = fft.rfft(audio.unfold(-1, SIZE, SIZE) * window).abs().square().mean((0, 2))
        return {"loss": (self.model.levels - 10 * power.clamp(min=1e-10).log10()).abs().mean()}
