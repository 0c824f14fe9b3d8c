"""B batch, C channels, T samples, K levels, V entries, N frames, F bins, M bands, D = C * M."""

import torch
from distill_core import CropObjective, Run
from torch import Tensor, nn

BANDS, QUIETEST = 64, 1e-6  # of a spectrum; a power added to each, since their logs are compared


class Mosaic(nn.Module):
    """A frame's first code picks a grain of real sound, and all of them shade its spectrum."""

    def __init__(self, rate: int, channels: int, levels: int, entries: int, hop: float) -> None:
        super().__init__()
        self.sample_rate, self.channels = rate, channels
        self.levels, self.entries, self.hop = levels, entries, round(rate * hop / 1000)
        self.shades = nn.Parameter(torch.randn(levels, entries, channels * BANDS) / 4)
        self.grains = nn.Buffer(torch.zeros(entries, channels, 2 * self.hop))
        self.window = nn.Buffer(torch.hann_window(2 * self.hop).sqrt(), persistent=False)
        pitch = torch.linspace(0, 1, self.hop + 1)[:, None] ** 0.4 * (BANDS - 1)  # about as mels
        self.bands = nn.Buffer((1 - (pitch - torch.arange(BANDS)).abs()).relu(), persistent=False)

    def describe(self, frames: Tensor) -> Tensor:
        """Give the log powers [..., D] of the bands of frames [..., C, 2 hop]."""
        powers = torch.fft.rfft(frames * self.window).abs().square() @ self.bands
        return torch.log(powers + QUIETEST).flatten(-2)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Give codes [B, K, N] of audio [B, C, T], and what these leave of it, [B, N, D]."""
        margins = self.hop // 2, -audio.shape[-1] % self.hop + self.hop - self.hop // 2
        frames = nn.functional.pad(audio, margins).unfold(-1, 2 * self.hop, self.hop)
        rest, codes = self.describe(frames.transpose(1, 2)), []  # [B, N, D]
        for level, shades in enumerate(self.shades):
            centres = shades if level else shades + self.describe(self.grains)  # [V, D]
            codes.append(torch.cdist(rest, centres).argmin(-1))
            rest = rest - centres[codes[-1]]
        return torch.stack(codes, 1), rest

    def encode(self, audio: Tensor) -> Tensor:
        """Give codes [B, K, N] of audio [B, C, T]."""
        return self.forward(audio)[0]

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        """Lay shaded grains one half over the other, as codes [B, K, N] say: [B, C, samples]."""
        shades = torch.stack([each[codes[:, k]] for k, each in enumerate(self.shades)]).sum(0)
        gains = torch.exp(shades.view(*shades.shape[:2], -1, BANDS) / 2 @ self.bands.T)
        spectra = torch.fft.rfft(self.grains[codes[:, 0]]) * gains  # [B, N, C, F]
        early, late = (torch.fft.irfft(spectra) * self.window).transpose(1, 2).chunk(2, -1)
        sound = nn.functional.pad(early, (0, 0, 0, 1)) + nn.functional.pad(late, (0, 0, 1, 0))
        return sound.flatten(2)[..., self.hop // 2 :][..., :samples]


class Shading(CropObjective):
    """k-means by gradient descent (Bottou and Bengio 1995) on what the codes leave over."""

    def __init__(self, mosaic: Mosaic, run: Run) -> None:
        super().__init__(mosaic, run, lr=0.2, batch=32, seconds=1.0)
        mosaic.grains.copy_(run.dataset.crops(run.seed, 0, mosaic.entries, 2 * mosaic.hop).audio)

    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Tell how far audio [B, C, T] is from what its codes stand for."""
        return {"loss": self.model(audio)[1].square().mean()}
