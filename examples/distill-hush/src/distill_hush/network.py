"""What the network knows, how it plays that, and how it learns it: all that needs torch.

Letters: B batch, C channels, T samples, N frames, F bins of the spectrum.
"""

from collections.abc import Iterator

import torch
from distill_core import SECONDS_GOING_ON, Objective, Request, Run
from torch import Tensor, fft, hann_window, nn

# samples of a frame, samples of a chunk, and a power that nobody hears (-100 dB)
SIZE, CHUNK, SILENCE = 2048, 16384, 1e-10


class HushNetwork(nn.Module):
    """Knows how loud each frequency of each channel is."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        super().__init__()
        self.natural = round(SECONDS_GOING_ON * sample_rate)  # samples: noise has no end of its own
        self.levels = nn.Parameter(torch.full((channels, SIZE // 2 + 1), -40.0))  # dB [C, F]

    def play(self, gain: float, request: Request) -> Iterator[Tensor]:
        """Filter white noise, float32 [B, C, T]; the filter goes on without a seam."""
        # a filter of linear phase, [C, 1, T]
        kernel = fft.fftshift(fft.irfft(10 ** ((self.levels + gain) / 20)), -1)[:, None]
        noise = kernel.new_zeros(len(request.rngs), len(kernel), SIZE)  # [B, C, T]
        for left in range(request.samples or self.natural, 0, -CHUNK):
            fresh = [torch.randn(len(kernel), CHUNK, generator=rng) for rng in request.rngs]
            noise = torch.cat([noise[..., 1 - SIZE :], torch.stack(fresh).to(noise)], -1)
            yield nn.functional.conv1d(noise, kernel, groups=len(kernel))[..., :left]


class HushObjective(Objective):
    """Brings the levels nearer to those of the sounds, crop by crop."""

    def __init__(self, model: HushNetwork, run: Run, lr: float, crops: int) -> None:
        self.model, self.run, self.lr, self.crops = model, run, lr, crops
        self.epoch_steps = run.dataset.epoch_steps(self.crops, CHUNK / run.dataset.sample_rate)

    def batch(self, step: int) -> Tensor:
        """Cut crops, float32 [B, C, T]."""
        return self.run.dataset.crops(self.run.seed, step, self.crops, CHUNK).audio

    def loss(self, batch: Tensor, progress: float = 0.0) -> dict[str, Tensor]:
        """Say how many decibels the levels are off those of some sounds, float32 [B, C, T]."""
        frames = batch.unfold(-1, SIZE, SIZE) * nn.functional.normalize(hann_window(SIZE), dim=0)
        power = fft.rfft(frames).abs().square().mean((0, 2)).clamp(min=SILENCE)  # [C, F]
        return {"loss": (self.model.levels - 10 * power.log10().to(self.run.device)).abs().mean()}

    def held_out_loss(self) -> float | None:
        """Judge by crops of sounds that it does not learn from: the first CHUNK samples of each."""
        clips = (self.run.dataset.waveform(clip) for clip in self.run.dataset.held_out)
        crops = [nn.functional.pad(clip, (0, CHUNK))[:, :CHUNK] for clip in clips]  # [C, T] each
        return float(self.loss(torch.stack(crops))["loss"]) if crops else None
