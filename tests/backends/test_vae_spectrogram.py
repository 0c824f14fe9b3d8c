"""Two-channel spectrograms keep what they promise of a sound, with no network in between."""

from __future__ import annotations

import math

import pytest
import torch
from distill_core.evaluating import measures
from distill_vae import ComplexSpectrogram, ComplexSpectrogramConfig
from distill_vae.spectrogram import MAGNITUDE_FLOOR, denormalize, normalize
from torch import Tensor

RATE = 48_000
STATS = {"mag_mean": -1.5, "mag_std": 0.8, "if_mean": 0.1, "if_std": 0.4}


def pluck(rate: int = RATE, hertz: float = 220.0, seconds: float = 1.0) -> Tensor:
    """Synthesise a decaying tone with partials and a noisy attack, [T]."""
    time = torch.arange(round(seconds * rate), dtype=torch.float64) / rate
    partials = torch.arange(1, 9, dtype=torch.float64)[:, None]
    tone = torch.sin(math.tau * hertz * partials * time) * torch.exp(-(2 + partials) * time)
    noise = torch.randn(len(time), generator=torch.Generator().manual_seed(0)).double()
    sound = (tone / partials).sum(0) + 0.3 * noise * torch.exp(-60 * time)
    return (0.5 * sound / sound.abs().max()).float()


def there_and_back(config: ComplexSpectrogramConfig, sound: Tensor, rate: int = RATE) -> Tensor:
    """Send a sound [T] through its spectrogram."""
    representation = ComplexSpectrogram(config)
    made = representation.waveform_to_complex_mel(sound[None, None], rate)
    return representation.complex_mel_to_waveform(made, sample_rate=rate)[0, 0, : len(sound)]


def test_the_defaults_bring_sounds_back() -> None:
    """The representation is the ceiling of all that a network could learn in it."""
    sound = pluck()
    again = there_and_back(ComplexSpectrogramConfig(), sound)
    match = measures.measure_match(sound, again)
    assert measures.measure_mel_distance(sound, again, RATE) <= 0.65
    assert match is not None
    assert match.waveform_match >= 8


def test_more_bands_bring_more_of_the_waveform_back() -> None:
    """Why the default has more than the 128 of old."""
    sound = pluck()
    found = []
    for mels in (128, 320, 512):
        again = there_and_back(ComplexSpectrogramConfig(n_mels=mels, phase_rounds=2), sound)
        match = measures.measure_match(sound, again)
        assert match is not None
        found.append(match.waveform_match)
    assert found == sorted(found)
    assert found[-1] > 8


def test_rounds_bring_spectra_nearer() -> None:
    """Phases that were integrated alone cancel each other."""
    sound = pluck()
    distances = [
        measures.measure_mel_distance(
            sound, there_and_back(ComplexSpectrogramConfig(phase_rounds=rounds), sound), RATE
        )
        for rounds in (0, 2, 8)
    ]
    assert distances == sorted(distances, reverse=True)


@pytest.mark.parametrize(
    ("n_fft", "hop", "mels", "rate"), [(2048, 512, 128, 48000), (1024, 256, 80, 22050)]
)
def test_shapes_follow_the_settings(n_fft: int, hop: int, mels: int, rate: int) -> None:
    """A frame a hop, whatever the length; the sound comes back in whole hops."""
    config = ComplexSpectrogramConfig(n_fft=n_fft, hop_length=hop, n_mels=mels)
    representation = ComplexSpectrogram(config)
    for samples in (1, hop, 5 * hop + 7):
        sounds = torch.randn(3, 1, samples, generator=torch.Generator().manual_seed(1))
        made = representation.waveform_to_complex_mel(sounds, rate)
        frames = -(-samples // hop)
        assert made.shape == (3, 2, mels, frames)
        assert made.isfinite().all()
        again = representation.complex_mel_to_waveform(made, sample_rate=rate)
        assert again.shape == (3, 1, frames * hop)
        assert again.isfinite().all()


def test_bands_below_the_threshold_have_no_frequency() -> None:
    """The phase of next to nothing is noise, and would be learnt."""
    sound = pluck()
    masked = ComplexSpectrogram(ComplexSpectrogramConfig(if_masking_threshold=0.1))
    logs, frequency = masked.waveform_to_complex_mel(sound[None, None])[0]
    quiet = 10**logs - MAGNITUDE_FLOOR < 0.1
    assert 0.1 < quiet.float().mean() < 0.9
    assert (frequency[quiet] == 0).all()
    assert (frequency[~quiet] != 0).float().mean() > 0.99
    silence = masked.waveform_to_complex_mel(torch.zeros(1, 1, 4096))[0]
    assert torch.allclose(silence[0], torch.tensor(masked.silence))
    assert (silence[1] == 0).all()


def test_a_steady_tone_has_its_own_frequency() -> None:
    """What is integrated on the way back must be the tone's, and not that of its band's middle."""
    hertz = 1000.0
    time = torch.arange(RATE) / RATE
    tone = 0.5 * torch.sin(math.tau * hertz * time)
    again = there_and_back(ComplexSpectrogramConfig(phase_rounds=0), tone)
    spectrum = torch.fft.rfft(again * torch.hann_window(RATE)).abs()  # a bin a hertz
    assert abs(int(spectrum.argmax()) - hertz) <= 1


def test_statistics_are_undone_on_the_way_back() -> None:
    """Networks see spectrograms of zero mean and unit deviation."""
    representation = ComplexSpectrogram()
    made = representation.waveform_to_complex_mel(pluck()[None, None])
    normal = normalize(made, STATS)
    assert torch.allclose(denormalize(normal, STATS), made, atol=1e-5)
    assert torch.allclose(normal[:, 0], (made[:, 0] + 1.5) / 0.8, atol=1e-5)
    plain = representation.complex_mel_to_waveform(made)
    undone = representation.complex_mel_to_waveform(normal, stats=STATS)
    distance = measures.measure_mel_distance(plain[0, 0], undone[0, 0], RATE)
    assert distance < 0.05
