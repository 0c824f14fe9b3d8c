"""Six families of synthetic sounds, each a function of a random generator. Letters: C, T.

The ranges are those of drum machines and small synthesizers: they make sounds, not measurements.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .synthesis import RATE, Signal, decay, filtered, saw, shaped, sine, string, times

Voice = Callable[[np.random.Generator], Signal]  # [T], or [C, T]

SCALE = (0, 3, 5, 7, 10)  # semitones: minor pentatonic, so that any two sounds go together
ROOT = 55.0  # Hz, an A
METAL = (2.0, 3.0, 4.16, 5.43, 6.79, 8.21)  # frequency ratios of a drum machine's cymbal
BAR = (1.0, 2.756, 5.404, 8.933, 13.34)  # partials of a free bar (Fletcher and Rossing)
BELL_RATIOS = (1.4, 2.0, 2.76, 3.5, 4.2)  # modulator to carrier (Chowning 1973)
CHORDS = ((0, 7, 12), (0, 3, 7), (0, 5, 10), (0, 7, 15))  # semitones


def kick(rng: np.random.Generator) -> Signal:
    """A sine that falls into the bass, with a click and some drive."""
    t = times(rng.uniform(0.25, 0.9))
    low, drop = rng.uniform(38, 62), rng.uniform(2.0, 7.0)
    hertz = low * (1 + drop * decay(t, rng.uniform(0.05, 0.25)))
    body = sine(hertz, t) * decay(t, t[-1] * rng.uniform(0.7, 1.1))
    drive = rng.uniform(1.0, 4.0)
    click = filtered(rng.standard_normal(len(t)), low=1500) * decay(t, 0.012)
    return shaped(np.tanh(drive * body) / np.tanh(drive) + rng.uniform(0, 0.25) * click, 0.0008)


def snare(rng: np.random.Generator) -> Signal:
    """Two tuned modes of a head and the rattle of wires."""
    t = times(rng.uniform(0.15, 0.5))
    tone = rng.uniform(150, 250)
    glide = tone * (1 + rng.uniform(0.1, 0.6) * decay(t, 0.04))
    head = sine(glide, t) + rng.uniform(0.3, 0.8) * sine(1.6 * glide, t)
    wires = filtered(
        rng.standard_normal(len(t)), low=rng.uniform(700, 2500), high=rng.uniform(7000, 15000)
    )
    mix = rng.uniform(0.3, 1.0) * head * decay(t, rng.uniform(0.08, 0.2))
    return shaped(mix + 0.5 * wires * decay(t, t[-1] * rng.uniform(0.6, 1.0)), 0.0005)


def hat(rng: np.random.Generator) -> Signal:
    """A cluster of square waves that do not fit together, high-passed; closed or open."""
    is_open = rng.random() < 0.35
    t = times(rng.uniform(0.4, 0.9) if is_open else rng.uniform(0.1, 0.22))
    base = rng.uniform(180, 330)
    metal = np.sum([np.sign(sine(base * ratio, t, rng.random())) for ratio in METAL], axis=0)
    noise = rng.standard_normal(len(t)) * rng.uniform(0.5, 3.0)
    low, high = rng.uniform(3500, 9000), rng.uniform(10_000, 19_000)
    bright = filtered(metal + noise, low=low, high=high, poles=6)
    return shaped(bright * decay(t, t[-1] * rng.uniform(0.55, 1.0)), 0.0005)


def bell(rng: np.random.Generator) -> Signal:
    """Frequency modulation, or the partials of a struck bar, dying the faster the higher."""
    t = times(rng.uniform(0.8, 3.0))
    hertz = _pitch(rng, 2, 5)
    length = t[-1] * rng.uniform(0.8, 1.1)
    if rng.random() < 0.5:
        depth = rng.uniform(1.0, 6.0) * decay(t, length * rng.uniform(0.4, 0.9))
        swing = depth * sine(hertz * rng.choice(BELL_RATIOS), t)
        wave = np.sin(2 * np.pi * hertz * t + swing) * decay(t, length)
    else:
        partials = [ratio for ratio in BAR if ratio * hertz < 0.4 * RATE]
        softness = rng.uniform(0.5, 1.4)
        wave = np.sum(
            [
                sine(hertz * ratio * rng.uniform(0.997, 1.003), t)
                * decay(t, length / ratio**0.7)
                / ratio**softness
                for ratio in partials
            ],
            axis=0,
        )
    return shaped(wave, rng.uniform(0.0005, 0.004))


def pluck(rng: np.random.Generator) -> Signal:
    """A plucked string, picked somewhere along its length with something hard or soft."""
    seconds = rng.uniform(0.5, 2.0)
    hertz = _pitch(rng, 1, 4)
    period = max(8, round(RATE / hertz))
    noise = rng.uniform(-1, 1, period)
    where = max(1, round(period * rng.uniform(0.1, 0.45)))
    pick = noise - np.roll(noise, where)
    pick = filtered(np.tile(pick, 3), high=rng.uniform(1500, 9000), poles=2)[period : 2 * period]
    sustain = 10 ** (-3 * period / (RATE * seconds * rng.uniform(0.7, 1.2)))
    wave = string(pick - pick.mean(), len(times(seconds)), rng.uniform(0.05, 0.5), sustain)
    return shaped(wave, rng.uniform(0.0005, 0.003))


def pad(rng: np.random.Generator) -> Signal:
    """Detuned saws on a chord, spread over two channels, opening from dark to bright: `[2, T]`."""
    t = times(rng.uniform(1.8, 3.0))
    root = _pitch(rng, 1, 2)
    sides = np.zeros((2, len(t)))
    for semitones in CHORDS[rng.integers(len(CHORDS))]:
        for spread in (-1, 0, 1):
            cents = spread * rng.uniform(4, 16)
            voice = saw(root * 2 ** ((semitones + cents / 100) / 12), t, rng.random())
            angle = (1 + spread * rng.uniform(0.3, 0.9)) * np.pi / 4
            sides += np.array([[np.cos(angle)], [np.sin(angle)]]) * voice
    opening = np.sin(np.pi * np.clip(t / t[-1], 0, 1) ** rng.uniform(0.5, 1.5)) ** 2
    dark, bright = rng.uniform(250, 600), rng.uniform(1500, 6000)
    attack = rng.uniform(0.15, 0.6)
    release = decay(np.maximum(0, t - 0.5 * t[-1]), t[-1] * rng.uniform(0.6, 1.2))
    return np.stack(
        [
            shaped(
                release
                * (
                    (1 - opening) * filtered(side, high=dark, poles=3)
                    + opening * filtered(side, high=bright, poles=3)
                ),
                attack,
            )
            for side in sides
        ]
    )


VOICES: dict[str, Voice] = {
    "kick": kick,
    "snare": snare,
    "hat": hat,
    "bell": bell,
    "pluck": pluck,
    "pad": pad,
}


def _pitch(rng: np.random.Generator, lowest: int, highest: int) -> float:
    """Draw a note of the scale, in Hz, between two octaves above the root."""
    octave = int(rng.integers(lowest, highest))
    return float(ROOT * 2.0 ** (octave + rng.choice(SCALE) / 12))
