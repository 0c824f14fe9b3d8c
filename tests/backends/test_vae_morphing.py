"""Morphing with the VAE: what lies between two sounds is as loud as they are."""

from __future__ import annotations

import torch
from distill_vae.configs import VAEModel
from distill_vae.network import ConvVAE
from torch import Tensor

SMALL = VAEModel(
    sample_rate=16000, n_fft=512, hop_length=128, n_mels=64, latent_size=2, hidden_size=16,
    layers=1, slow_layers=1, encoder_layers=1,
)  # fmt: skip
BANDS = (12, 40)  # that the latents' two numbers are the magnitudes of


class Tones(ConvVAE):
    """A VAE whose latents are the log10 magnitudes of two tones."""

    def encode_mean(self, audio: Tensor) -> Tensor:
        """Hear the first sound as the low tone alone, the second as the high one."""
        low = audio[0, 0, 0] > 0
        tones = torch.tensor([0.0, -2.0] if low else [-2.0, 0.0])
        return tones.expand(1, 40, 2)

    def decode(self, latents: Tensor) -> Tensor:
        """Sound the two tones."""
        frames = latents.shape[1] * self.config.stride
        made = torch.full((1, 1, 2, self.config.n_mels, frames), -4.0)
        made[:, :, 1] = 0
        for number, band in enumerate(BANDS):
            made[0, 0, 0, band] = latents[0, :, number].repeat_interleave(self.config.stride)
        return made


def test_the_middle_of_a_morph_is_as_loud_as_its_ends() -> None:
    """Half way between two magnitudes in decibels, either tone is 20 dB down."""
    network = Tones(SMALL).eval()
    low = torch.ones(1, 1, 16000)
    with torch.inference_mode():
        made = [network.morph(low, -low, amount) for amount in (0.0, 0.5, 1.0)]
    first, middle, last = (float(10 * each.square().mean().log10()) for each in made)
    assert middle > min(first, last) - 0.5
    assert middle < max(first, last) + 3  # two bands apart are not one


def test_the_ends_of_a_morph_are_what_reconstruct_gives() -> None:
    """Evening out the level leaves both as they are, bit for bit."""
    network = Tones(SMALL).eval()
    low = torch.ones(1, 1, 16000)
    with torch.inference_mode():
        ends = [network.morph(low, -low, amount) for amount in (0.0, 1.0)]
        alone = [network.reconstruct(each) for each in (low, -low)]
    assert all(torch.equal(*pair) for pair in zip(ends, alone, strict=True))
