"""The measures of sound and of codes, held against their definitions and what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torchaudio
from distill_core.evaluating.codes import entropy_bits, measure_codes
from distill_core.evaluating.measures import (
    WINDOWS,
    cut_for_measuring,
    measure_band_error,
    measure_match,
    measure_mel_distance,
    mel_filters,
)

from .. import definitions

RATE = 48_000
CLOSE = 1e-9  # both compute in float64


def noise(seed: int, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """Make white noise of -20 dBFS, float32 [T]."""
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * rate))).astype(np.float32)


def ring(rate: int, seconds: float) -> np.ndarray:
    """Make a decaying tone between silences, float32 [T]."""
    t = np.arange(round(seconds * rate)) / rate
    wave = 0.5 * np.sin(2 * np.pi * 440 * t) * np.exp(-6 * t)
    wave[: rate // 20] = 0
    wave[round(0.7 * len(wave)) :] = 0
    return wave.astype(np.float32)


@pytest.mark.parametrize("rate", [48_000, 44_100, 16_000, 8_000])
@pytest.mark.parametrize(("window", "mels"), [*WINDOWS.items(), (1024, 40)])
@pytest.mark.filterwarnings("ignore:At least one mel filterbank")
def test_mel_filters_are_slaneys(window: int, mels: int, rate: int) -> None:
    """Those of the definitions, and (in its float32) those of torchaudio."""
    ours = mel_filters(window, mels, rate).numpy()  # [F, M]
    np.testing.assert_allclose(ours, definitions.filters(window, mels, rate).T, atol=1e-12)
    theirs = torchaudio.functional.melscale_fbanks(
        window // 2 + 1, 0.0, rate / 2, mels, rate, norm="slaney", mel_scale="slaney"
    )
    assert np.abs(ours - theirs.numpy()).max() < 1e-4 * ours.max()


@pytest.mark.parametrize(
    ("rate", "seconds"), [(48_000, 0.5), (44_100, 0.51), (16_000, 1.3), (8_000, 0.5)]
)
def test_measures_are_their_definitions(rate: int, seconds: float) -> None:
    """A loop written from the definitions gives the same, at any rate and length."""
    sound = ring(rate, seconds)
    other = 0.7 * sound + 0.1 * noise(1, seconds, rate)
    assert measure_mel_distance(sound, other, rate) == pytest.approx(
        definitions.mel_distance(sound.astype(float), other.astype(float), rate), rel=CLOSE
    )
    assert measure_band_error(sound, other, rate) == pytest.approx(
        definitions.band_energy_error(sound.astype(float), other.astype(float), rate), rel=CLOSE
    )
    match = measure_match(sound, other)
    assert match is not None
    told = definitions.waveform_match(sound.astype(float), other.astype(float))
    assert match.waveform_match == pytest.approx(told, rel=CLOSE)
    assert match.si_sdr == pytest.approx(
        definitions.si_sdr(sound.astype(float), other.astype(float)), rel=CLOSE
    )
    assert match.si_sdr == pytest.approx(10 * math.log10(10 ** (told / 10) - 1), rel=1e-6)


def test_the_floors_are_where_they_are_said_to_be() -> None:
    """People are told what a figure means by what two noises of one level have."""
    pairs = [(noise(seed), noise(100 + seed)) for seed in range(8)]
    mels = [measure_mel_distance(one, two, RATE) for one, two in pairs]
    bands = [measure_band_error(one, two, RATE) for one, two in pairs]
    assert np.mean(mels) == pytest.approx(1.39, abs=0.02)
    assert np.mean(bands) == pytest.approx(0.81, abs=0.03)


def test_a_perfect_and_a_void_reconstruction_have_finite_figures() -> None:
    """JSON holds no infinity: 100 dB is the most, and -100 dB of SI-SDR the least."""
    sound = noise(1)
    silence = np.zeros_like(sound)
    assert measure_mel_distance(sound, sound, RATE) == 0
    assert measure_band_error(sound, sound, RATE) == 0
    same, void = measure_match(sound, 3 * sound), measure_match(sound, silence)
    assert same is not None
    assert void is not None
    assert (same.waveform_match, same.si_sdr) == (100.0, 100.0)
    assert (void.waveform_match, void.si_sdr) == (0.0, -100.0)
    assert math.isfinite(measure_mel_distance(sound, silence, RATE))
    loud = measure_mel_distance(sound, np.full_like(sound, 1e30), RATE)
    assert math.isfinite(loud)


def test_silence_has_no_waveform_to_match() -> None:
    """A clip that begins with 4 s of silence would otherwise count as a failure, or a success."""
    silence = np.zeros(RATE, np.float32)
    assert measure_match(silence, noise(1)) is None
    assert measure_match(silence, silence) is None


@pytest.mark.parametrize(
    ("seconds", "kept"), [(0.02, 0.5), (0.5, 0.5), (1.0, 1.0), (4.0, 4.0), (9.0, 4.0)]
)
def test_sounds_are_cut_to_four_seconds_and_padded_to_half_a_second(
    seconds: float, kept: float
) -> None:
    """Before they enter the model, which then hears what is measured."""
    sound = noise(1, seconds, 16_000)
    cut = cut_for_measuring(sound, 16_000).numpy()
    assert len(cut) == round(kept * 16_000)
    heard = min(len(sound), len(cut))
    assert (cut[:heard] == sound[:heard]).all()
    assert not cut[heard:].any()


def test_the_lowest_rates_can_be_measured() -> None:
    """Half a second at 1 kHz is shorter than what the longest window reflects."""
    sound = noise(1, 0.5, 1000)
    assert measure_mel_distance(sound, sound, 1000) == 0
    assert math.isfinite(measure_band_error(sound, 0.5 * sound, 1000))


def test_codes_are_counted_as_defined() -> None:
    """Entropy with Miller and Madow's correction; perplexity, as in training, without."""
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.geometric(0.2, (2, 500)) - 1, 15)
    counts = np.stack([np.bincount(level, minlength=16) for level in codes])

    class Codec:
        """Three numbers and a rate."""

        levels, entries, hop, sample_rate, channels = 2, 16, 512, 48_000, 1

        def encode(self, audio: torch.Tensor) -> torch.Tensor: ...

        def decode(self, codes: torch.Tensor, samples: int) -> torch.Tensor: ...

    figures = measure_codes(Codec(), counts)
    assert figures.bitrate == 2 * 4 * 48_000 / 512
    assert figures.efficiency == pytest.approx(definitions.efficiency(codes, 16), rel=CLOSE)
    for level, book in enumerate(figures.codebooks):
        used = len(np.unique(codes[level]))
        assert (book.level, book.dead, book.utilization) == (level, 16 - used, used / 16)
        assert 1 < book.perplexity < used
    assert entropy_bits(np.full(8, 100), corrected=False) == pytest.approx(3)
    assert entropy_bits(np.array([40, 0, 0]), corrected=True) == 0
