"""The measures of sound once more, as their definitions read: loops, float64, nothing of ours.

Slow and plain on purpose: what the product computes is held against this.
"""

from __future__ import annotations

import math

import numpy as np

WINDOWS = ((32, 5), (64, 10), (128, 20), (256, 40), (512, 80), (1024, 160), (2048, 320))


def excerpt(sound: np.ndarray, rate: int) -> np.ndarray:
    """Give the first 4 s of the mean of the channels of [T, C], with silence up to 0.5 s."""
    mono = sound.mean(1)[: 4 * rate]
    return np.concatenate([mono, np.zeros(max(0, rate // 2 - len(mono)))])


def hertz_to_mel(hertz: float) -> float:
    """Follow Slaney's Auditory Toolbox: 3 mels per 200 Hz, from 1 kHz on 27 per factor of 6.4."""
    if hertz < 1000:
        return hertz / (200 / 3)
    return 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def mel_to_hertz(mel: float) -> float:
    """Go the other way."""
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def filters(window: int, mels: int, rate: int) -> np.ndarray:
    """Give triangles [M, F] between 0 Hz and Nyquist, each divided by half its width in Hz."""
    highest = hertz_to_mel(rate / 2)
    corners = [mel_to_hertz(highest * i / (mels + 1)) for i in range(mels + 2)]
    bank = np.zeros((mels, window // 2 + 1))
    for m in range(mels):
        left, peak, right = corners[m : m + 3]
        for f in range(window // 2 + 1):
            hertz = f * rate / window
            if left < hertz <= peak:
                bank[m, f] = (hertz - left) / (peak - left)
            elif peak < hertz < right:
                bank[m, f] = (right - hertz) / (right - peak)
        bank[m] *= 2 / (right - left)
    return bank


def spectrogram(sound: np.ndarray, window: int) -> np.ndarray:
    """Give |STFT| [N, F]: periodic Hann, hop w/4, centred, reflected."""
    half, hop = window // 2, window // 4
    padded = np.concatenate([sound[half:0:-1], sound, sound[-2 : -half - 2 : -1]])
    hann = np.array([0.5 - 0.5 * math.cos(2 * math.pi * i / window) for i in range(window)])
    frames = []
    for start in range(0, len(padded) - window + 1, hop):
        frames.append(np.abs(np.fft.rfft(padded[start : start + window] * hann)))
    return np.array(frames)


def mel_distance(sound: np.ndarray, other: np.ndarray, rate: int) -> float:
    """Sum over the windows the mean difference of log10 mels."""
    total = 0.0
    for window, mels in WINDOWS:
        bank = filters(window, mels, rate)
        one, two = spectrogram(sound, window) @ bank.T, spectrogram(other, window) @ bank.T
        total += np.mean(np.abs(np.log10(np.maximum(one, 1e-5)) - np.log10(np.maximum(two, 1e-5))))
    return total


def band_energy_error(sound: np.ndarray, other: np.ndarray, rate: int) -> float:
    """Give the mean difference in dB of band powers, each the mean over 16 frames, 8 apart."""
    levels = []
    bank = filters(1024, 40, rate)
    for each in (sound, other):
        power = (spectrogram(each, 1024) ** 2) @ bank.T  # [N, M]
        width = min(16, len(power))
        means = []
        for start in range(0, len(power) - width + 1, 8):
            means.append(power[start : start + width].mean(0))
        levels.append(10 * np.log10(np.maximum(np.array(means), 1e-8)))
    return float(np.mean(np.abs(levels[0] - levels[1])))


def waveform_match(sound: np.ndarray, other: np.ndarray) -> float:
    """Give 10 log10(|s|² / |s - a s'|²) at a = <s, s'> / |s'|²."""
    gain = np.dot(sound, other) / np.dot(other, other)
    return float(10 * np.log10(np.sum(sound**2) / np.sum((sound - gain * other) ** 2)))


def si_sdr(sound: np.ndarray, other: np.ndarray) -> float:
    """Give SI-SDR as Le Roux et al. write it: 10 log10(|b s|² / |b s - s'|²)."""
    target = np.dot(other, sound) / np.dot(sound, sound) * sound
    return float(10 * np.log10(np.sum(target**2) / np.sum((target - other) ** 2)))


def efficiency(codes: np.ndarray, entries: int) -> float:
    """Give the corrected entropy of codes [K, N] over the bits of a frame."""
    bits = 0.0
    for level in codes:
        counts = [int((level == entry).sum()) for entry in range(entries)]
        used = [count for count in counts if count]
        shares = [count / len(level) for count in used]
        bits -= sum(share * math.log2(share) for share in shares)
        bits += (len(used) - 1) / (2 * len(level)) / math.log(2)
    return bits / (len(codes) * math.log2(entries))
