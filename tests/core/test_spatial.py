"""Where a take lies between the ears: what each mode does to a sound."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from distill_core.audio import spatial
from distill_core.errors import ConfigError
from distill_core.generating.space import Space
from distill_core.model_type import ModelType

RATE = 48_000
LEAST = (1 - spatial.WIDEST_SIDE) / (1 + spatial.WIDEST_SIDE)  # correlation at width 1
LOUDER = 2.0  # dB; what opening a sound may add to each channel
HEAD = spatial.HEAD_RADIUS / spatial.SOUND_SPEED  # s


def noise(seconds: float = 1.0, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Make white noise, [C, T]."""
    drawn = np.random.default_rng(seed).standard_normal((channels, round(RATE * seconds)))
    return (0.1 * drawn).astype(np.float32)


def click(at: int = 4800, samples: int = 9600) -> np.ndarray:
    """Make one sample of sound, [1, T]."""
    wave = np.zeros((1, samples), np.float32)
    wave[0, at] = 1
    return wave


def power(wave: np.ndarray) -> float:
    """Give the mean power of all channels."""
    return float(np.square(wave, dtype=np.float64).mean())


def correlation(pair: np.ndarray) -> float:
    """Say how alike two channels are, -1 to 1."""
    return float(np.corrcoef(pair)[0, 1])


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
@pytest.mark.parametrize("width", [0.0, 0.3, 1.0])
def test_the_sum_of_a_decorrelated_sound_is_the_sound(rate: int, width: float) -> None:
    """Whoever listens in mono hears what the model made, uncoloured and as loud."""
    wave = noise(0.5)
    pair = spatial.decorrelated(wave, rate, width)
    assert pair.shape == (2, wave.shape[1])
    assert pair.dtype == np.float32
    assert np.allclose(pair.mean(0), wave[0], atol=1e-6)


def test_width_opens_a_sound_step_by_step_without_a_jump_in_level() -> None:
    """It is a knob that is turned by ear."""
    wave = noise()
    pairs = [spatial.decorrelated(wave, RATE, width) for width in (0.0, 0.25, 0.5, 0.75, 1.0)]
    alike = [correlation(pair) for pair in pairs]
    assert alike[0] == pytest.approx(1)
    assert all(more > less + 0.1 for more, less in pairwise(alike))
    assert alike[-1] == pytest.approx(LEAST, abs=0.03)
    for pair in pairs:
        left, right = (10 * np.log10(power(each) / power(wave)) for each in pair)
        assert left == pytest.approx(right, abs=0.1)
        assert 0 <= left < LOUDER


def test_no_tone_moves_to_a_side() -> None:
    """A note that is left of the middle at one pitch and right of it at the next is a fault."""
    time = np.arange(RATE) / RATE
    for pitch in (55.0, 220.0, 440.0, 1000.0, 3520.0, 9000.0):
        wave = np.sin(2 * np.pi * pitch * time, dtype=np.float32)[None]
        left, right = spatial.decorrelated(wave, RATE, 1.0)[:, 1000:-1000]
        assert 10 * np.log10(power(left) / power(right)) == pytest.approx(0, abs=0.5)


def test_a_transient_stays_one() -> None:
    """What is opened by an echo turns a click into two."""
    pair = spatial.decorrelated(click(), RATE, 1.0)
    energy = np.square(pair).sum(0)
    away = np.abs(np.arange(9600) - 4800) / RATE
    assert energy[away > 0.005].sum() < 1e-9
    assert energy[away > 0.002].sum() < 0.1 * energy.sum()
    assert energy.argmax() == 4800


def test_bass_stays_in_the_middle() -> None:
    """Wide bass is lost in a club, and throws the needle off a record."""
    time = np.arange(RATE) / RATE
    wave = np.sin(2 * np.pi * 50 * time, dtype=np.float32)[None]
    assert correlation(spatial.decorrelated(wave, RATE, 1.0)) > 0.85


def test_filtering_in_blocks_is_filtering() -> None:
    """A take of an hour must not be an hour of spectrum, nor have seams."""
    wave, taps = noise(6.0), spatial.side_filter(RATE)
    assert wave.shape[1] > 2 * spatial.BLOCK
    whole = np.convolve(wave[0].astype(np.float64), taps, "same")
    assert np.allclose(spatial.filtered(wave, taps)[0], whole, atol=1e-9)


def test_channels_that_agree_stay_as_they_are() -> None:
    """A type that widens knows its sounds better than core."""
    wave = noise(channels=2)
    pair = np.stack([wave[0], wave[0] + 0.5 * wave[1]])
    assert spatial.compatible(pair, 1.0) is pair


@pytest.mark.parametrize("opposed", [1.0, 0.5, 0.1])
def test_channels_that_cancel_are_mended(opposed: float) -> None:
    """Half of all loudspeakers are one loudspeaker."""
    wave = noise(channels=2)
    pair = np.stack([wave[0], -opposed * wave[0] + (1 - opposed) * wave[1]])
    mended = spatial.compatible(pair, 1.0)
    assert correlation(pair) < 0
    assert power(mended) == pytest.approx(power(pair), rel=1e-4)
    assert power(mended.mean(0)) >= 0.99 * (1 + LEAST) / 2 * power(pair)


def test_two_sounds_are_no_further_apart_than_was_asked() -> None:
    """A type whose sounds part at once would leave the knob without a way to go."""
    pair, wave = noise(channels=2), noise()
    for width in (0.0, 0.25, 0.5, 1.0):
        both = (spatial.compatible(pair, width), spatial.decorrelated(wave, RATE, width))
        own, ours = (correlation(each) for each in both)
        assert own == pytest.approx(ours, abs=0.03)


@pytest.mark.parametrize(("azimuth", "angle"), [(0, 0), (30, 30), (90, 90), (150, 30), (180, 0)])
def test_an_ear_hears_later_what_comes_from_the_other_side(azimuth: float, angle: float) -> None:
    """Woodworth's formula: radius over speed, times angle plus its sine."""
    expected = HEAD * (np.radians(angle) + np.sin(np.radians(angle)))
    for side in (1, -1):
        ears = spatial.binaural(np.repeat(click(), 2, 0), RATE, 0.0, side * azimuth)
        finer = np.fft.rfft(ears, 1 << 15)
        lag = np.fft.irfft(finer[0] * finer[1].conj(), 1 << 20).argmax()
        seconds = (lag if lag < 1 << 19 else lag - (1 << 20)) / (RATE << 5)
        assert seconds == pytest.approx(side * expected, abs=2e-5)


def test_a_head_shades_high_frequencies_and_lets_low_ones_round() -> None:
    """Brown & Duda's shadow: up to 6 dB more on the near side, far less on the other."""
    ears = spatial.binaural(np.repeat(click(), 2, 0), RATE, 0.0, 90.0)
    low, high = (
        20 * np.log10(np.abs(np.fft.rfft(ears, RATE))[:, pitch]) for pitch in (100, 10_000)
    )
    assert low[1] - low[0] == pytest.approx(0, abs=0.5)
    assert 12 < high[1] - high[0] < 20


def test_straight_ahead_a_mono_sound_keeps_its_colour() -> None:
    """The model's filter must not be heard where there is nothing to place."""
    ears = spatial.binaural(np.repeat(click(), 2, 0), RATE, 0.0, 0.0)
    assert np.array_equal(ears[0], ears[1])
    strength = 20 * np.log10(np.abs(np.fft.rfft(ears[0])))[: 18_000 * 9600 // RATE]
    assert np.abs(strength).max() < 0.3


def test_a_binaural_sound_is_as_loud_and_as_long() -> None:
    """Modes are compared by ear, and takes are laid into loops."""
    for azimuth in (0.0, 45.0, 180.0):
        for width in (0.0, 1.0):
            pair = noise(0.3, channels=2)
            heard = spatial.binaural(pair, RATE, width, azimuth)
            assert heard.shape == pair.shape
            assert heard.dtype == np.float32
            assert power(heard) == pytest.approx(power(pair), rel=1e-4)
    assert not spatial.binaural(np.zeros((2, 9), np.float32), RATE, 0.5, 0.0).any()


@pytest.mark.parametrize("samples", [1, 2, 100])
def test_the_shortest_sounds_can_be_placed(samples: int) -> None:
    """A take may be one sample long."""
    wave = noise()[:, :samples]
    for mode in ("mono", "stereo", "binaural"):
        placed = Space(mode).placed(wave, 1, RATE)
        assert placed.shape == (1 if mode == "mono" else 2, samples)
        assert np.isfinite(placed).all()


def test_a_stereo_sound_stays_itself_and_is_averaged_for_mono() -> None:
    """Who trained on stereo has what it learnt."""
    pair = noise(channels=2)
    assert Space("stereo").placed(pair, 2, RATE) is pair
    assert np.allclose(Space("mono").placed(pair, 2, RATE), pair.mean(0), atol=1e-7)
    assert Space().placed(pair, 2, RATE) is pair


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"mode": "sterio"}, "--spatial: sterio is not one of .* Did you mean stereo"),
        ({"width": 1.5}, "--width: 1.5 must lie between 0 and 1"),
        ({"width": True}, "--width"),
        ({"azimuth": -181}, "--azimuth: -181 must lie between -180 and 180"),
        ({"azimuth": float("nan")}, "--azimuth: nan"),
    ],
)
def test_what_is_no_space_is_refused(given: dict[str, object], words: str) -> None:
    """Python has no options that Click would check."""
    with pytest.raises(ConfigError, match=words):
        Space.of(**given)


def test_a_model_is_asked_for_two_channels_only_where_its_type_widens() -> None:
    """A type that never heard of it is asked for what it was always asked for."""
    plain, wide = (
        ModelType(name="x", versions=(1,), summary="X.", model=object, widens=widens)
        for widens in (False, True)
    )
    for mode in ("stereo", "binaural"):
        assert [Space(mode).channels(kind, 1) for kind in (plain, wide)] == [1, 2]
        assert Space(mode).channels(wide, 2) == 2
    assert [Space(mode).channels(wide, 1) for mode in ("as-trained", "mono")] == [1, 1]
