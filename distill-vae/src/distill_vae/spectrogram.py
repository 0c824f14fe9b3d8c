"""Two-channel spectrograms: mel magnitudes and instantaneous frequencies, and back to sound.

Letters: B batch, C channels, T samples, F bins, M mels, N frames.

Instantaneous frequency is the advance of a bin's phase from one frame to the next, as in the phase
vocoder (Flanagan and Golden 1966); learnt beside magnitudes as in "GANSynth" (Engel et al. 2019).
Phases that were integrated from it are made to agree with each other by a few rounds of the fast
Griffin-Lim algorithm (Perraudin, Balazs, Søndergaard 2013).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import torch
import torch.nn.functional as F
from attrs import frozen
from distill_core import mel_filters
from torch import Tensor

MAGNITUDE_FLOOR = 1e-4  # added to mel magnitudes: far below is silence to every ear
MOMENTUM = 0.99  # of Griffin-Lim's rounds
RIDGE = 2e-3  # beside the bands' overlaps of 0.5 to 2, of Tikhonov's inverse
LEAST_WEIGHT = 1e-8  # of a window's squares, where it ends
CYCLE = 2 * math.pi


@frozen(kw_only=True)
class ComplexSpectrogramConfig:
    """How sounds become spectrograms.

    Attributes:
        if_masking_threshold: mel magnitude under which a band has no instantaneous frequency.
        n_fft: samples of the window.
        hop_length: samples between two frames.
        n_mels: mel bands (M).
        phase_rounds: Griffin-Lim rounds on the way back.
    """

    if_masking_threshold: float = 1e-5
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 320
    phase_rounds: int = 6


@frozen
class Parts:
    """What a sound is made of again, frame by frame."""

    magnitudes: Tensor  # [B, N, F]
    turns: Tensor  # [B, N, F], cycles from the frame before; float64, since they are summed


class ComplexSpectrogram:
    """Turns sounds [B, 1, T] into [B, 2, M, N] with N = ceil(T / hop), and back.

    The first channel is log10 of the mel magnitude, the second the mean instantaneous frequency of
    the band's bins, weighted by mel filter and power: its deviation from the band's centre in half
    widths of the band (at least 2 bins), so that it lies about between -1 and 1.
    """

    def __init__(self, config: ComplexSpectrogramConfig | None = None) -> None:
        """Take the sizes; what follows from a sample rate is made when it is first met."""
        self.config = config or ComplexSpectrogramConfig()
        self._bands: dict[tuple[int, torch.device], Bands] = {}

    @property
    def silence(self) -> float:
        """Give the first channel's value where there is no sound."""
        return math.log10(MAGNITUDE_FLOOR)

    def waveform_to_complex_mel(self, waveform: Tensor, sample_rate: int = 48000) -> Tensor:
        """Give the spectrogram [B, 2, M, N] of sounds [B, 1, T].

        Args:
            waveform: the sounds; silence is added to fill the last hop.
            sample_rate: of the sounds, in Hz.
        """
        bands, hop = self._of(sample_rate, waveform.device), self.config.hop_length
        padded = F.pad(waveform[:, 0], (0, -waveform.shape[-1] % hop))  # [B, N hop]
        spectrum = bands.transform(padded)  # [B, N, F]
        magnitudes, phases = spectrum.abs(), spectrum.angle()
        before = F.pad(phases, (0, 0, 1, 0))[:, :-1]
        turns = (phases - before - bands.advance) / CYCLE
        advance = bands.advance + CYCLE * (turns - turns.round())  # [B, N, F]
        mels = magnitudes @ bands.filters  # [B, N, M]
        power = magnitudes.square()
        mean = (power * advance) @ bands.filters / (power @ bands.filters).clamp_min(1e-20)
        sounding = mels >= self.config.if_masking_threshold
        frequency = torch.where(sounding, (mean - bands.centre) / bands.half_width, 0.0)
        return torch.stack([torch.log10(mels + MAGNITUDE_FLOOR), frequency], 1).transpose(2, 3)

    def complex_mel_to_waveform(
        self,
        spectrogram: Tensor,
        stats: Mapping[str, float] | None = None,
        sample_rate: int = 48000,
    ) -> Tensor:
        """Give the sounds [B, 1, N x hop] of spectrograms [B, 2, M, N].

        Args:
            spectrogram: as this object makes them; normalised by `stats`, where those are given.
            stats: mag_mean, mag_std, if_mean, if_std.
            sample_rate: of the sounds, in Hz.
        """
        if stats is not None:
            spectrogram = denormalize(spectrogram, stats)
        parts = self.parts(spectrogram, sample_rate)
        return self.sound(parts.magnitudes, parts.turns.cumsum(1), sample_rate)

    def parts(self, spectrogram: Tensor, sample_rate: int = 48000) -> Parts:
        """Take spectrograms [B, 2, M, N] apart, each frame by itself."""
        bands = self._of(sample_rate, spectrogram.device)
        logs, frequency = spectrogram.transpose(2, 3).unbind(1)  # [B, N, M] each
        mels = (10**logs - MAGNITUDE_FLOOR).clamp_min(0)
        sounding = mels >= self.config.if_masking_threshold
        mean = torch.where(sounding, frequency * bands.half_width + bands.centre, 0.0)
        turns = mean[..., bands.strongest].double() / CYCLE
        return Parts((mels @ bands.inverse).clamp_min(0), turns)

    def sound(self, magnitudes: Tensor, turned: Tensor, sample_rate: int = 48000) -> Tensor:
        """Give the sounds [B, 1, N x hop] of magnitudes [B, N, F].

        Args:
            magnitudes: of the bins.
            turned: cycles that each bin has turned by each frame, [B, N, F], float64.
            sample_rate: of the sounds, in Hz.
        """
        bands = self._of(sample_rate, magnitudes.device)
        phases = ((turned - turned.round()) * CYCLE).float()
        return bands.agree(magnitudes, phases, self.config.phase_rounds)[:, None]

    @property
    def reach(self) -> int:
        """Count the frames on either side that a moment of sound follows from."""
        overlaps = -(-self.config.n_fft // self.config.hop_length)
        return overlaps * (self.config.phase_rounds + 1)

    def _of(self, sample_rate: int, device: torch.device) -> Bands:
        key = sample_rate, device
        if key not in self._bands:
            self._bands[key] = Bands(self.config, sample_rate, device)
        return self._bands[key]


class Bands:
    """What follows from sizes and a sample rate: window, filters, the bands' frequencies."""

    def __init__(
        self, config: ComplexSpectrogramConfig, sample_rate: int, device: torch.device
    ) -> None:
        """Make all of it on a device."""
        self.window, self.hop = config.n_fft, config.hop_length
        self.taper = torch.hann_window(self.window, device=device)
        self.margins = _margins(self.window, self.hop)
        self.filters = _whole_filters(self.window, config.n_mels, sample_rate).to(device)  # [F, M]
        bins = torch.arange(self.window // 2 + 1, device=device)
        self.advance = CYCLE * self.hop / self.window * bins  # [F], radians from frame to frame
        self.centre = self.advance @ self.filters  # [M]
        widths = (self.filters > 0).sum(0)
        narrowest = CYCLE / 2
        self.half_width = (widths * CYCLE * self.hop / self.window / 2).clamp_min(narrowest)
        self.strongest = self.filters.argmax(1)  # [F], the band that tells a bin's frequency

    @cached_property
    def inverse(self) -> Tensor:
        """Give the inverse of the filters, [M, F], as near as it can be.

        Neighbouring bands of one or two bins are almost alike; an exact pseudo-inverse makes their
        least disagreement, which any decoder has, 27 times as loud: a whistle.
        """
        filters = self.filters.cpu().double()
        overlaps = filters.T @ filters + RIDGE * torch.eye(filters.shape[1], dtype=filters.dtype)
        inverse: Tensor = torch.linalg.solve(overlaps, filters.T)
        return inverse.float().to(self.filters.device)

    def transform(self, sound: Tensor) -> Tensor:
        """Give the spectrum [B, N, F] of sounds [B, N x hop], a frame centred on each hop."""
        frames = F.pad(sound, self.margins).unfold(-1, self.window, self.hop)
        spectrum: Tensor = torch.fft.rfft(frames * self.taper)
        return spectrum

    def invert(self, spectrum: Tensor, weight: Tensor | None = None) -> Tensor:
        """Give the sounds [B, N x hop] whose spectrum is nearest to [B, N, F].

        Args:
            spectrum: of windows that need not agree.
            weight: `weight_of` N frames, where it is known already.
        """
        weight = self.weight_of(spectrum.shape[1]) if weight is None else weight
        frames = torch.fft.irfft(spectrum, self.window) * self.taper  # [B, N, window]
        before, length = self.margins[0], frames.shape[1] * self.hop
        return self._add(frames)[:, before : before + length] / weight

    def weight_of(self, frames: int) -> Tensor:
        """Give the sum of windows' squares at each sample of N frames, [1, N x hop]."""
        squares = self.taper.square().expand(1, frames, -1)
        before, length = self.margins[0], frames * self.hop
        return self._add(squares)[:, before : before + length].clamp_min(LEAST_WEIGHT)

    def agree(self, magnitudes: Tensor, phases: Tensor, rounds: int) -> Tensor:
        """Give sounds of these magnitudes [B, N, F], their phases brought to agree in rounds."""
        spectrum = torch.polar(magnitudes, phases)
        before = torch.zeros_like(spectrum)
        weight = self.weight_of(spectrum.shape[1])
        for _ in range(rounds):
            again = self.transform(self.invert(spectrum, weight))
            towards = again - before * (MOMENTUM / (1 + MOMENTUM))
            spectrum, before = torch.polar(magnitudes, towards.angle()), again
        return self.invert(spectrum, weight)

    def _add(self, frames: Tensor) -> Tensor:
        """Add frames [B, N, window], a hop after each other: [B, (N - 1) hop + window]."""
        overlaps = -(-self.window // self.hop)
        padded = F.pad(frames, (0, overlaps * self.hop - self.window))
        parts = padded.view(*frames.shape[:2], overlaps, self.hop)  # [B, N, overlaps, hop]
        count = frames.shape[1]
        total = frames.new_zeros(len(frames), count + overlaps - 1, self.hop)
        for part in range(overlaps):  # five times as fast as F.fold on a CPU
            total[:, part : part + count] += parts[:, :, part]
        return total.flatten(1)[:, : (count - 1) * self.hop + self.window]


def normalize(spectrogram: Tensor, stats: Mapping[str, float]) -> Tensor:
    """Bring spectrograms [B, 2, M, N] to zero mean and unit deviation, each channel by its own."""
    mean, deviation = _of_channels(spectrogram, stats)
    return (spectrogram - mean) / deviation


def denormalize(spectrogram: Tensor, stats: Mapping[str, float]) -> Tensor:
    """Undo `normalize`."""
    mean, deviation = _of_channels(spectrogram, stats)
    return spectrogram * deviation + mean


def _of_channels(like: Tensor, stats: Mapping[str, float]) -> tuple[Tensor, Tensor]:
    """Give means and deviations, [2, 1, 1] each."""
    means = like.new_tensor([stats["mag_mean"], stats["if_mean"]])
    deviations = like.new_tensor([stats["mag_std"], stats["if_std"]])
    return means[:, None, None], deviations[:, None, None]


def _margins(window: int, hop: int) -> tuple[int, int]:
    """Give the samples before and after that centre each frame on its own hop."""
    before = (window - hop) // 2
    return before, window - hop - before


def _whole_filters(window: int, mels: int, sample_rate: int) -> Tensor:
    """Give filters [F, M] that each sum to 1; one too narrow to hold a bin takes the nearest."""
    filters = mel_filters(window, mels, sample_rate)
    fine = mel_filters(FINER * window, mels, sample_rate)  # whose filters all hold some bins
    positions = torch.arange(len(fine), dtype=fine.dtype) / FINER
    centres = positions @ fine / fine.sum(0).clamp_min(1e-12)  # [M], in bins
    for band in torch.nonzero(filters.sum(0) == 0)[:, 0].tolist():
        filters[round(float(centres[band])), band] = 1.0
    return (filters / filters.sum(0)).float()


FINER = 64  # times the bins, to find where a narrow band lies
