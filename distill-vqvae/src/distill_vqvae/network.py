"""The codec's network: sound to a slow stream of codes, and codes to sound.

Letters: B batch, C channels, T samples, F bins, N frames, D width, K levels, V entries, S stride.
Frames of the short-time spectrum are coded by ConvNeXt blocks and come back through an inverse
STFT, as in "Vocos: Closing the gap between time-domain
and Fourier-based neural vocoders" (Siuzdak 2023).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from attrs import frozen
from distill_core import ConvNeXtBlock
from torch import Tensor, nn

from .configs import VQVAEModel, automatic_codebook_size
from .quantizer import ResidualVectorQuantizer

OVERLAP = 4  # frames that cover each sample
MAGNITUDE_FLOOR = 1e-4  # of the spectrum that the encoder sees
LOG_CENTRE, LOG_SPREAD = -3.0, 3.0  # bring its logarithms near zero mean and unit spread
LOUDEST = 9.0  # largest log magnitude: a full-scale sine has 6.2
USUAL_SECONDS = 300.0  # of data, when nobody says how large codebooks are to be


@frozen
class Coded:
    """What one pass through the codec gives."""

    reconstruction: Tensor  # [B, C, T]
    codes: Tensor  # [B, K, N]
    commitment_loss: Tensor  # []
    codebook_loss: Tensor  # []


class Encoder(nn.Module):
    """Sound [B, C, T], T a multiple of the hop, to latents [B, N, code width]."""

    taper: Tensor

    def __init__(self, config: VQVAEModel) -> None:
        super().__init__()
        width, self.hop, self.stride = config.hidden_size, config.frame_hop, config.stride
        self.window = OVERLAP * self.hop
        self.register_buffer("taper", torch.hann_window(self.window), persistent=False)
        self.enter = nn.Linear(config.channels * (self.window // 2 + 1), width)
        self.fast = _blocks(config.encoder_layers, config)
        self.slow_down = nn.Linear(width * self.stride, width)
        self.slow = _blocks(config.slow_layers, config)
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, config.code_width)

    def forward(self, audio: Tensor) -> Tensor:
        """Give one latent per hop of audio."""
        margins = _margins(self.window, self.hop)
        frames = F.pad(audio, margins).unfold(-1, self.window, self.hop)  # [B, C, N S, window]
        magnitudes = torch.fft.rfft(frames * self.taper).abs()  # [B, C, N S, F]
        logs = (torch.log(magnitudes + MAGNITUDE_FLOOR) - LOG_CENTRE) / LOG_SPREAD
        hidden = self.fast(self.enter(logs.transpose(1, 2).flatten(2)))  # [B, N S, D]
        hidden = hidden.unflatten(1, (-1, self.stride)).flatten(2)  # [B, N, S D]
        return self.leave(self.norm(self.slow(self.slow_down(hidden))))  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Latents [B, N, code width] to sound [B, C, N x hop]."""

    taper: Tensor

    def __init__(self, config: VQVAEModel) -> None:
        super().__init__()
        width, self.hop, self.stride = config.hidden_size, config.frame_hop, config.stride
        self.channels, self.window = config.channels, OVERLAP * config.frame_hop
        self.register_buffer("taper", torch.hann_window(self.window), persistent=False)
        self.enter = nn.Linear(config.code_width, width)
        self.slow = _blocks(config.slow_layers, config)
        self.speed_up = nn.Linear(width, width * self.stride)
        self.fast = _blocks(config.layers, config)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, self.channels * 2 * (self.window // 2 + 1))

    def forward(self, latents: Tensor) -> Tensor:
        """Give sound [B, C, N x hop]."""
        hidden = self.speed_up(self.slow(self.enter(latents)))  # [B, N, S D]
        hidden = hidden.unflatten(2, (self.stride, -1)).flatten(1, 2)  # [B, N S, D]
        spectrum = self.head(self.norm(self.fast(hidden)))
        spectrum = spectrum.unflatten(-1, (self.channels, 2, -1))  # [B, N S, C, 2, F]
        magnitudes = torch.exp(spectrum[..., 0, :] * LOG_SPREAD + LOG_CENTRE).clamp_max(
            math.exp(LOUDEST)
        )
        bins = torch.polar(magnitudes, spectrum[..., 1, :])  # [B, N S, C, F]
        return self._overlap_add(torch.fft.irfft(bins, self.window).transpose(1, 2))

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """Add windowed frames [B, C, N, window] to [B, C, N x frame hop]."""
        parts = (frames * self.taper).reshape(*frames.shape[:-1], OVERLAP, self.hop)
        weights = self.taper.square().view(1, 1, 1, OVERLAP, self.hop)
        weights = weights.expand(1, 1, frames.shape[2], -1, -1)
        total, weight = _add_shifted(parts), _add_shifted(weights)  # [B, C, (N + 3) hop]
        before, after = _margins(self.window, self.hop)
        return total[..., before:-after] / weight[..., before:-after]


class VQVAE(nn.Module):
    """A small neural codec: `encode` to codes [B, K, N], `decode` back to sound."""

    def __init__(self, config: VQVAEModel) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.channels = config.sample_rate, config.channels
        self.hop, self.levels = config.hop, config.num_quantizers
        self.entries = config.codebook_size or automatic_codebook_size(
            USUAL_SECONDS, config.frames_per_second
        )
        self.encoder = Encoder(config)
        self.quantizer = ResidualVectorQuantizer(
            self.levels, self.entries, config.code_width, config.codebook_update
        )
        self.decoder = Decoder(config)

    def forward(self, audio: Tensor) -> Coded:
        """Code audio [B, C, T] and bring it back, T samples long."""
        quantized = self.quantizer(self.latents(audio))
        return Coded(
            reconstruction=self.decoder(quantized.latents)[..., : audio.shape[-1]],
            codes=quantized.codes,
            commitment_loss=quantized.commitment_loss,
            codebook_loss=quantized.codebook_loss,
        )

    def encode(self, audio: Tensor) -> Tensor:
        """Give the codes [B, K, ceil(T / hop)] of audio [B, C, T]."""
        return self.quantizer.encode(self.latents(audio))

    def latents(self, audio: Tensor) -> Tensor:
        """Give what is quantised of audio [B, C, T]: [B, ceil(T / hop), D]."""
        latents: Tensor = self.encoder(self._pad(audio))
        return latents

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        """Give the sound [B, C, samples] of codes [B, K, N]."""
        sound: Tensor = self.decoder(self.quantizer.decode(codes))
        return sound[..., :samples]

    def code_vectors(self) -> Tensor:
        """Show what the codes stand for, [K, V, D]; like vectors sound alike."""
        return self.quantizer.codebooks

    def _pad(self, audio: Tensor) -> Tensor:
        """Lengthen audio with zeros to whole code frames."""
        return F.pad(audio, (0, -audio.shape[-1] % self.hop))


def _blocks(count: int, config: VQVAEModel) -> nn.Sequential:
    return nn.Sequential(*(ConvNeXtBlock(config.hidden_size, config.dropout) for _ in range(count)))


def _margins(window: int, hop: int) -> tuple[int, int]:
    """Give the samples before and after that centre each frame on its own hop."""
    before = (window - hop) // 2
    return before, window - hop - before


def _add_shifted(parts: Tensor) -> Tensor:
    """Add parts [B, C, N, 4, hop] that start one hop after the other to [B, C, (N + 3) hop]."""
    shifted = [
        F.pad(parts[:, :, :, part], (0, 0, part, OVERLAP - 1 - part)) for part in range(OVERLAP)
    ]
    return torch.stack(shifted).sum(0).flatten(2)
