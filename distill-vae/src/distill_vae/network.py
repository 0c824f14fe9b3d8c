"""The VAE's network: spectrograms to a slow row of latents, and latents to spectrograms.

Letters: B batch, C channels, T samples, M mels, N frames of the spectrogram, L latent frames, S
stride (N = L S), D numbers of a latent, W width of the network. "Auto-Encoding Variational Bayes"
(Kingma and Welling 2014) with convolutions over time: every moment has its own latent.
"""

from __future__ import annotations

import attrs
import torch
import torch.nn.functional as F
from attrs import frozen
from distill_core import ConvNeXtBlock
from torch import Tensor, nn

from .analysis import Analysis
from .configs import USUAL_LATENT, VAEGenerating, VAEModel
from .sliders import Told
from .spectrogram import ComplexSpectrogram, ComplexSpectrogramConfig, denormalize, normalize

MOST_GAIN = 3.0  # log10 of the energy, 30 dB, that a morph may lack between its ends
LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE = -12.0, 4.0


@frozen
class Posterior:
    """What the encoder believes the latents to be: a normal distribution for each number."""

    mean: Tensor  # [B, L, D]
    log_variance: Tensor  # [B, L, D]

    def draw(self) -> Tensor:
        """Draw latents [B, L, D] from torch's global generator, differentiably."""
        noise = torch.randn_like(self.mean)
        return self.mean + noise * torch.exp(self.log_variance / 2)

    def divergence(self) -> Tensor:
        """Give the KL divergence to the unit normal distribution in nats, [B, L, D]."""
        variance = self.log_variance.exp()
        return (self.mean.square() + variance - 1 - self.log_variance) / 2


class Encoder(nn.Module):
    """Normalised spectrograms [B, N, 2 C M] to the latents' distributions.

    A straight path beside the blocks knows any spectrum that is a sum of known ones, so that a
    sound like none of the training clips is not lost. It is not trained: `starting` sets it.
    """

    def __init__(self, config: VAEModel, latent_size: int) -> None:
        super().__init__()
        width, self.stride, self.channels = config.hidden_size, config.stride, config.channels
        self.enter = nn.Linear(2 * config.channels * config.n_mels, width)
        self.fast = _blocks(config.encoder_layers, config)
        self.slow_down = nn.Linear(width * self.stride, width)
        self.slow = _blocks(config.slow_layers, config)
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 2 * latent_size)
        self.straight = nn.Linear(patch_size(config), latent_size).requires_grad_(False)

    def forward(self, frames: Tensor) -> Posterior:
        """Give one distribution for each S frames."""
        hidden = self.fast(self.enter(frames)).unflatten(1, (-1, self.stride)).flatten(2)
        told = self.leave(self.norm(self.slow(self.slow_down(hidden))))  # [B, L, 2 D]
        mean, log_variance = told.chunk(2, -1)
        return Posterior(
            mean + self.straight(self.patches(frames)),
            log_variance.clamp(LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE),
        )

    def patches(self, frames: Tensor) -> Tensor:
        """Give the magnitudes of each S frames [B, N, 2 C M] in a row: [B, L, S C M]."""
        examples, count, _ = frames.shape
        magnitudes = frames.view(examples, count, self.channels, 2, -1)[:, :, :, 0]
        return magnitudes.reshape(examples, count // self.stride, -1)


class Decoder(nn.Module):
    """Latents [B, L, D] to normalised spectrograms [B, N, 2 C M], straight and through blocks."""

    def __init__(self, config: VAEModel, latent_size: int) -> None:
        super().__init__()
        width, self.stride, self.channels = config.hidden_size, config.stride, config.channels
        self.enter = nn.Linear(latent_size, width)
        self.slow = _blocks(config.slow_layers, config)
        self.speed_up = nn.Linear(width, width * self.stride)
        self.fast = _blocks(config.layers, config)
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 2 * config.channels * config.n_mels)
        self.straight = nn.Linear(latent_size, patch_size(config)).requires_grad_(False)

    @property
    def reach(self) -> int:
        """Count the latents on either side that a frame follows from."""
        side = ConvNeXtBlock.reach
        return side * len(self.slow) + -(-side * len(self.fast) // self.stride)

    def forward(self, latents: Tensor) -> Tensor:
        """Give S frames for each latent."""
        hidden = self.speed_up(self.slow(self.enter(latents)))  # [B, L, S W]
        hidden = hidden.unflatten(2, (self.stride, -1)).flatten(1, 2)  # [B, N, W]
        told = self.leave(self.norm(self.fast(hidden)))
        magnitudes, frequencies = told.unflatten(2, (self.channels, 2, -1)).unbind(3)
        straight = self.straight(latents).unflatten(2, (self.stride, self.channels, -1))
        magnitudes = magnitudes + straight.flatten(1, 2)  # [B, N, C, M]
        return torch.stack([magnitudes, frequencies], 3).flatten(2)


class ConvVAE(nn.Module):
    """A convolutional VAE over two-channel spectrograms.

    Attributes:
        config: what it was built from.
        sample_rate: in Hz.
        channels: of its sounds (C).
        latent_size: numbers of a latent frame (D).
        hop: samples that a latent frame stands for.
        analysis: what its sliders move, once it is trained.
        told: what its file tells of them.
    """

    stats: Tensor

    def __init__(self, config: VAEModel) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.channels = config.sample_rate, config.channels
        self.latent_size, self.hop = config.latent_size or USUAL_LATENT, config.hop
        self.representation = ComplexSpectrogram(
            ComplexSpectrogramConfig(
                if_masking_threshold=config.if_masking_threshold, n_fft=config.n_fft,
                hop_length=config.hop_length, n_mels=config.n_mels,
                phase_rounds=config.phase_rounds,
            )
        )  # fmt: skip
        self.register_buffer("stats", torch.tensor([0.0, 1.0, 0.0, 1.0]))
        self.encoder = Encoder(config, self.latent_size)
        self.decoder = Decoder(config, self.latent_size)
        self.told = Told()
        self.analysis = Analysis(config, self.latent_size)

    @property
    def normalization_stats(self) -> dict[str, float]:
        """Give mean and deviation of both channels, as measured on the training clips."""
        names = ("mag_mean", "mag_std", "if_mean", "if_std")
        return dict(zip(names, self.stats.tolist(), strict=True))

    def spectrograms(self, audio: Tensor) -> Tensor:
        """Give the spectrograms [B, C, 2, M, N] of audio [B, C, T]; two channels as mid and side.

        The end is padded with silence to whole latent frames.
        """
        padded = F.pad(_mid_side(audio), (0, -audio.shape[-1] % self.hop))
        made = self.representation.waveform_to_complex_mel(
            padded.flatten(0, 1)[:, None], self.sample_rate
        )
        shape = audio.shape[0], self.channels, *made.shape[1:]
        return made.view(shape)

    def posterior(self, spectrograms: Tensor) -> Posterior:
        """Give the latents' distributions of spectrograms [B, C, 2, M, N], N = L S."""
        normal = normalize(spectrograms, self.normalization_stats)
        told: Posterior = self.encoder(normal.permute(0, 4, 1, 2, 3).flatten(2))
        return told

    def decode(self, latents: Tensor) -> Tensor:
        """Give the spectrograms [B, C, 2, M, N] of latents [B, L, D]."""
        frames = self.decoder(latents).unflatten(2, (self.channels, 2, -1))  # [B, N, C, 2, M]
        return denormalize(frames.permute(0, 2, 3, 4, 1), self.normalization_stats)

    def encode_mean(self, audio: Tensor) -> Tensor:
        """Give the most likely latents [B, L, D] of audio [B, C, T], L = ceil(T / hop)."""
        return self.posterior(self.spectrograms(audio)).mean

    def invert(self, spectrograms: Tensor) -> Tensor:
        """Give the sounds [B, C, N x hop length] of spectrograms [B, C, 2, M, N]."""
        made = self.representation.complex_mel_to_waveform(
            spectrograms.flatten(0, 1), sample_rate=self.sample_rate
        )
        return left_right(made.view(*spectrograms.shape[:2], -1))

    def mixes_with(self, other: nn.Module) -> bool:
        """Say whether another network has latents and spectrograms of the same kind."""
        return isinstance(other, ConvVAE) and other.config == self.config

    def fitting(self, settings: VAEGenerating) -> VAEGenerating:
        """Leave out sliders that this network has not; another of a blend may have them."""
        known = {name: at for name, at in settings.slider.items() if name in self.told.names}
        return attrs.evolve(settings, slider=known)

    def reconstruct(self, audio: Tensor) -> Tensor:
        """Send audio [B, C, T] through latents and back; the same shape comes out."""
        return self.invert(self.decode(self.encode_mean(audio)))[..., : audio.shape[-1]]

    def morph(self, start: Tensor, end: Tensor, amount: float) -> Tensor:
        """Give the sound [B, C, T] whose latents lie `amount` of the way from start to end.

        It is as loud as lies between them: half way between two bands' magnitudes, where one of
        them is silent, hardly anything is left.
        """
        ends = self.encode_mean(start), self.encode_mean(end)
        made = self.decode(torch.lerp(*ends, amount))
        first, last = (_energy(self.decode(each)) for each in ends)
        lacking = (torch.lerp(first, last, amount) - _energy(made)).clamp(-MOST_GAIN, MOST_GAIN)
        return self.invert(made)[..., : start.shape[-1]] * 10 ** (lacking / 2)


def patch_size(config: VAEModel) -> int:
    """Count the magnitudes that a latent frame stands for (S C M)."""
    return config.stride * config.channels * config.n_mels


def _blocks(count: int, config: VAEModel) -> nn.Sequential:
    blocks = (ConvNeXtBlock(config.hidden_size, config.dropout) for _ in range(count))
    return nn.Sequential(*blocks)


def _energy(spectrograms: Tensor) -> Tensor:
    """Give log10 of the energy [B, 1, 1] of spectrograms [B, C, 2, M, N]."""
    energy = (10 ** (2 * spectrograms[:, :, 0])).sum((1, 2, 3)).log10()
    return energy[:, None, None]


def _mid_side(audio: Tensor) -> Tensor:
    """Turn left and right [B, 2, T] into middle and side; one channel stays as it is."""
    if audio.shape[1] == 1:
        return audio
    left, right = audio.unbind(1)
    return torch.stack([(left + right) / 2, (left - right) / 2], 1)


def left_right(audio: Tensor) -> Tensor:
    """Undo `_mid_side`."""
    if audio.shape[1] == 1:
        return audio
    middle, side = audio.unbind(1)
    return torch.stack([middle + side, middle - side], 1)
