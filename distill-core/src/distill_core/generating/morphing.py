"""Morph between two sounds: bring them together, ask the network, cut to the length between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from attrs import frozen

from ..asking import blaming
from ..audio.sound import Sound
from ..errors import AudioError, ConfigError
from ..protocols import Morphs, Reconstructs, Tokenizer
from .take import FADE_OUT_SECONDS, check_finite, turn_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..model import Model

FEWEST, MOST = 2, 1000  # steps; both ends are among them


@frozen(eq=False)
class Morphed:
    """One sound of a morph.

    Attributes:
        audio: the sound, within ±1.
        amount: how far from the first sound (0) to the second (1).
        clipped: samples that were beyond ±1 before it was turned down.
    """

    audio: Sound
    amount: float
    clipped: int


def morph_between(model: Model, start: Sound, end: Sound, steps: int) -> Iterator[Morphed]:
    """Make sounds that go from one to another; they are checked at once, and made one by one.

    Args:
        model: whose network makes them.
        start: the first sound, of any rate, channels and length.
        end: the last.
        steps: how many sounds, both ends included: 2 to 1000, by equal amounts.

    Raises:
        ConfigError: this type cannot morph, or that is no number of steps.
        AudioError: there is nothing in one of the sounds, or what was made is none.
        BackendError: the network failed.
    """
    network = model.host.network
    if not isinstance(network, Morphs):
        raise ConfigError(f"A {model.type} model cannot morph. {_able(model)}")
    whole: Any = steps  # Python callers may give anything
    if isinstance(whole, bool) or not isinstance(whole, int) or not FEWEST <= whole <= MOST:
        raise ConfigError(f"--steps: {steps!r} must be a whole number from {FEWEST} to {MOST}.")
    heard = [_heard(model, sound) for sound in (start, end)]
    return _morph(model, network, heard, steps)


def _morph(model: Model, network: Morphs, heard: list[Sound], steps: int) -> Iterator[Morphed]:
    lengths = [sound.samples.shape[1] for sound in heard]
    longest = max(lengths)
    one, other = (torch.from_numpy(each.cut(longest).samples)[None] for each in heard)  # [1, C, T]
    one, other = one.to(model.device), other.to(model.device)
    for step in range(steps):
        amount = step / (steps - 1)
        with torch.inference_mode(), blaming("morph", lambda _: model.host.owner.claim):
            made = network.morph(one, other, amount)
            if made.shape != one.shape:
                raise TypeError(f"it gives {list(made.shape)}, not {list(one.shape)}")
        length = round(lengths[0] + (lengths[1] - lengths[0]) * amount)
        audio, clipped = _finished(made[0].float().cpu().numpy(), length, model.sample_rate)
        yield Morphed(audio, amount, clipped)


def _heard(model: Model, sound: Sound) -> Sound:
    """Bring a sound to the model's rate and channels."""
    own = sound.to(sample_rate=model.sample_rate, channels=model.channels)
    if not own.samples.shape[1]:
        raise AudioError("The sound is empty.")
    return own


def _finished(waveform: NDArray[np.float32], length: int, sample_rate: int) -> tuple[Sound, int]:
    """Cut a sound [C, T] to its length, fading where that cuts it, and turn down what is beyond."""
    check_finite(waveform)
    samples = waveform[:, :length].copy()
    if length < waveform.shape[1]:
        fade = min(round(FADE_OUT_SECONDS * sample_rate), length // 2)
        samples[:, length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    beyond = turn_down(samples)
    return Sound(samples, sample_rate), beyond


def _able(model: Model) -> str:
    """Say what a model can do, for those who asked for something else."""
    network = model.host.network
    loaded = [model.host, *model.companions.values()]
    can = {
        "generate": any(each.owner.type.plays for each in loaded),
        "reconstruct": isinstance(network, Tokenizer | Reconstructs),
        "encode and decode": isinstance(network, Tokenizer),
    }
    words = [word for word, able in can.items() if able]
    return f"It can {', '.join(words)}." if words else "See: distill types."
