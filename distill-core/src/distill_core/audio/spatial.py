"""Place a sound between two ears: decorrelate it, keep its mono sum whole, or let a head hear it.

Pure functions of float32 sounds [C, T]; all give sounds of the same length. Letters: C channels,
T samples, F frequencies, L taps of a filter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .decoding import Block

Table = NDArray[np.float64]

BLOCK = 1 << 17  # samples that are filtered at once: memory does not follow the length

REACH_SECONDS = 0.0045  # of the decorrelating filter, to either side: transients stay sharp
TAPER_SECONDS = 0.001  # over which its ends fade
NARROWEST_BAND = 300.0  # Hz; narrower ones would reach further in time
BASS_HZ = 200.0  # below it both channels are alike: wide bass is lost in mono, and on vinyl
WIDEST_SIDE = 0.5  # power of the side against the middle's at width 1: a correlation of 1/3

HEAD_RADIUS = 0.0875  # m
SOUND_SPEED = 343.0  # m/s
HEAD_SECONDS = 0.003  # of the head's filters, to either side
SPREAD = 60.0  # degrees from the middle to a speaker at width 1; 0.5 is the usual triangle
EARS = (-90.0, 90.0)  # degrees


def to_mono(wave: Block) -> Block:
    """Give the mean of all channels, [1, T]."""
    mean: Block = wave.mean(0, keepdims=True, dtype=np.float32)
    return mean


def decorrelated(wave: Block, sample_rate: int, width: float) -> Block:
    """Make two channels of one, [1, T] to [2, T], whose mean is that one again.

    The middle is the sound itself; the side is the sound turned by +90° and -90° in bands that
    take turns. So at every frequency both channels are equally strong and differ in phase alone,
    and the mono sum is never coloured. After Orban, "A rational technique for synthesizing
    pseudo-stereo from monophonic sources" (J. Audio Eng. Soc. 18, 1970).

    Args:
        wave: float32 [1, T].
        sample_rate: in Hz.
        width: 0 (both alike) to 1; the side's power follows it.
    """
    side = np.sqrt(width) * filtered(wave, side_filter(sample_rate))  # [1, T]
    return np.concatenate([wave + side, wave - side]).astype(np.float32)


def side_filter(sample_rate: int) -> Table:
    """Design the filter that makes the side at width 1, [L], antisymmetric about its middle."""
    reach = round(REACH_SECONDS * sample_rate)
    frequencies = np.fft.rfftfreq(_grid(reach), 1 / sample_rate)  # [F]
    hearing = 24.7 * (1 + 4.37 * frequencies / 1000)  # Glasberg & Moore 1990, in Hz
    turns = np.cumsum(frequencies[1] / np.maximum(hearing, NARROWEST_BAND))  # bands below each
    rise = np.clip(frequencies / BASS_HZ - 0.5, 0, 1)  # from half to one and a half times BASS_HZ
    taps = _cut(1j * np.sin(2 * np.pi * turns) * rise, reach, round(TAPER_SECONDS * sample_rate))
    taps *= np.sqrt(WIDEST_SIDE / np.square(taps).sum())
    return taps


def compatible(pair: Block, width: float) -> Block:
    """Let the mono sum of two channels [2, T] keep their energy.

    Channels that oppose each other are turned the same way round; those that are further apart than
    `decorrelated` would put them at this width are narrowed to that, their level kept. Others stay
    as they are, to the bit.

    Args:
        pair: two related sounds, float32 [2, T].
        width: that was asked for, 0 to 1.
    """
    left, right = pair.astype(np.float64)
    if float(left @ right) < 0:
        pair, right = np.stack([pair[0], -pair[1]]), -right
    middle, side = (left + right) / 2, (left - right) / 2
    shared, apart = float(middle @ middle), float(side @ side)
    most = shared * WIDEST_SIDE * width
    if apart <= most:
        return pair
    side *= np.sqrt(most / apart)
    gain = np.sqrt((shared + apart) / (shared + most))
    narrowed: Block = (gain * np.stack([middle + side, middle - side])).astype(np.float32)
    return narrowed


def binaural(pair: Block, sample_rate: int, width: float, azimuth: float) -> Block:
    """Let a head hear two channels [2, T] from two speakers around it; for headphones.

    A rigid sphere: delays after Woodworth (Experimental Psychology, 1938), shadow after Brown &
    Duda, "A structural model for binaural sound synthesis" (IEEE Trans. Speech Audio Process. 6,
    1998), eq. 3 to 5, whose filter also lengthens the delay of low frequencies as Kuhn measured
    (J. Acoust. Soc. Am. 62, 1977). What comes from straight ahead keeps its colour; the whole keeps
    its power.

    Args:
        pair: float32 [2, T].
        sample_rate: in Hz.
        width: 0 (both speakers in one place) to 1 (`SPREAD` degrees to either side).
        azimuth: of the middle between them, in degrees to the right; 180 is behind.
    """
    angles = (azimuth - SPREAD * width, azimuth + SPREAD * width)
    heard = np.stack(
        [
            sum(
                filtered(pair[i : i + 1], head_filter(sample_rate, angle - ear))[0]
                for i, angle in enumerate(angles)
            )
            for ear in EARS
        ]
    )  # [2, T]
    before, after = (float(np.square(each, dtype=np.float64).sum()) for each in (pair, heard))
    gain = np.sqrt(before / after) if after else 1.0
    return (gain * heard).astype(np.float32)


def head_filter(sample_rate: int, degrees: float) -> Table:
    """Design what a head does to a sound on its way to one ear, [L].

    Args:
        sample_rate: in Hz.
        degrees: between the sound's direction and the ear's.
    """
    reach = round(HEAD_SECONDS * sample_rate)
    frequencies = np.fft.rfftfreq(_grid(reach), 1 / sample_rate)  # [F]
    turn = 2j * np.pi * frequencies
    incidence = abs((degrees + 180) % 360 - 180)  # 0 (into this ear) to 180
    across = HEAD_RADIUS / SOUND_SPEED  # s
    pole = turn * across / 2
    shadow = (1 + _shadow(incidence) * pole) / (1 + _shadow(90) * pole)
    return _cut(shadow * np.exp(-turn * across * (1 + _path(incidence))), reach, reach // 4)


def _shadow(incidence: float) -> float:
    """Give how strong high frequencies are at an ear (Brown & Duda's alpha): 2 to 0.1."""
    least, darkest = 0.1, 150  # the latter in degrees: behind the head waves meet again
    return float(1 + least / 2 + (1 - least / 2) * np.cos(np.pi * incidence / darkest))


def _path(incidence: float) -> float:
    """Give how much further it is to the ear than to the head's middle, in head radii."""
    angle = np.radians(incidence)
    return float(-np.cos(angle) if incidence <= 90 else angle - np.pi / 2)


def filtered(wave: Block, taps: Table) -> Table:
    """Filter [C, T] with [L] taps, the middle one being now; in blocks, each by its spectrum."""
    samples, reach = wave.shape[1], len(taps) // 2
    size = _power_of_two(min(samples, BLOCK) + 2 * reach)
    step = size - 2 * reach
    spectrum = np.fft.rfft(taps, size)
    padded = np.pad(wave, ((0, 0), (reach, reach)))
    result = np.empty(wave.shape)
    for start in range(0, samples, step):
        heard = padded[:, start : start + size].astype(np.float64)
        made = np.fft.irfft(np.fft.rfft(heard, size) * spectrum, size)[:, 2 * reach :]
        result[:, start : start + step] = made[:, : samples - start]
    return result


def _cut(response: NDArray[np.complex128], reach: int, taper: int) -> Table:
    """Turn a response [F] into taps [2 * reach + 1] about time 0, whose ends fade."""
    size = 2 * (len(response) - 1)
    taps = np.roll(np.fft.irfft(response, size), reach)[: 2 * reach + 1]
    ramp = np.sin(np.pi / 2 * (np.arange(taper) + 0.5) / max(taper, 1)) ** 2
    taps[:taper] *= ramp
    taps[len(taps) - taper :] *= ramp[::-1]
    return taps


def _grid(reach: int) -> int:
    """Choose how finely a response is laid out: far longer than the filter, so nothing folds."""
    return _power_of_two(16 * reach)


def _power_of_two(least: int) -> int:
    return 1 << max(1, least - 1).bit_length()
