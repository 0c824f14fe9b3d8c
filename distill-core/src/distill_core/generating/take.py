"""Make takes: ask the owner for chunks, join them, check and finish them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..audio.sound import Sound
from ..errors import AudioError, ConfigError
from ..seeding import checked_seed
from .collecting import Made, Pulse, collect, make_request
from .recipe import recipe_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..loading import Loaded
    from ..model import Model
    from .asked import Asked

FADE_IN_SECONDS = 0.0005  # hides a step at the start, too short to soften an attack
LOUDEST = 0.989  # peak of a take that was turned down: -0.1 dB, as many limiters keep
FADE_OUT_SECONDS = 0.01  # hides the cut where a sound still rings
LONGEST_SECONDS = 3600.0  # of one take held in memory


@attrs.frozen(eq=False)
class Take:
    """One generated sound and all that regenerates it.

    Attributes:
        audio: the sound, within ±1.
        seed: what it was drawn from.
        clipped: samples that were beyond ±1 before the take was turned down.
        recipe: every setting, resolved, and the model's identity.
        model_path: the model file it was made with.
    """

    audio: Sound
    seed: int
    clipped: int
    recipe: dict[str, Any]
    model_path: Path

    def save(self, path: str | Path, bit_depth: int | None = None) -> Path:
        """Write the sound, its tag and, beside it, its recipe (`<stem>.json`).

        Raises:
            ConfigError: a suffix or depth that cannot be written, or a JSON file of that name that
                is no recipe.
            OSError: the disk is full or the folder may not be written.
        """
        from .export import Encoding, write_take
        from .recipe import is_recipe

        path = Path(path)
        encoding = Encoding.of(path.suffix.removeprefix(".").lower(), bit_depth)
        if not is_recipe(path.with_suffix(".json")):
            raise ConfigError(f"{path.with_suffix('.json')} is there and is no recipe.")
        write_take(self, path, encoding)
        return path


def make_takes(
    model: Model,
    seeds: Sequence[int],
    asked: Asked,
    *,
    batch: int = 1,
    pulse: Pulse | None = None,
) -> Iterator[Take]:
    """Make one take per seed, `batch` of them drawn together.

    Args:
        model: the loaded model.
        seeds: one per take; each take depends on its own seed alone.
        asked: what the takes have in common.
        batch: how many are drawn at once.
        pulse: told, chunk by chunk, how many samples of a batch's takes are made; what it raises
            ends the making.
    """
    player = model.player()
    if asked.duration is not None:
        asked = attrs.evolve(asked, duration=checked_duration(asked.duration))
    seeds = [checked_seed(seed) for seed in seeds]
    model.registry.listen()
    return _make(model, player, seeds, asked, max(1, batch), pulse)


def checked_duration(duration: Any) -> float:
    """Take seconds that one take may last.

    Raises:
        ConfigError: it is no number, or none that can be.
    """
    real = isinstance(duration, Real) and not isinstance(duration, bool)
    if not real or not 0 < duration <= LONGEST_SECONDS:
        raise ConfigError(
            f"--duration: {duration} must be more than 0 and at most {LONGEST_SECONDS:g} seconds."
        )
    return float(duration)


def _make(
    model: Model,
    player: Loaded,
    seeds: Sequence[int],
    asked: Asked,
    batch: int,
    pulse: Pulse | None,
) -> Iterator[Take]:
    """Make the takes, once everything is checked."""
    rate, channels = model.sample_rate, model.channels
    recipe = recipe_of(model, player, asked)
    for first in range(0, len(seeds), batch):
        some = seeds[first : first + batch]
        made = _made(model, player, some, asked, pulse)
        for seed, (waveform, attached) in zip(some, made, strict=True):
            audio, clipped = finish(asked.space.placed(waveform, channels, rate), rate)
            own = {"seed": seed} | ({} if attached is None else {"attached": attached})
            yield Take(audio, seed, clipped, recipe | own, model.header.path)


def _made(
    model: Model, player: Loaded, seeds: Sequence[int], asked: Asked, pulse: Pulse | None
) -> list[Made]:
    """Make sounds as the model does, or the models of a blend do."""
    blend = asked.blend
    partners = () if blend is None else blend.partners()
    if blend is not None and not partners:
        return blend.sounds(seeds, asked.duration, asked.settings, asked.space, pulse)
    samples = None if asked.duration is None else model.samples(asked.duration)
    request = make_request(model, player, seeds, samples, asked.space, partners)
    return collect(player, request, asked.settings, pulse)


def finish(waveform: NDArray[np.float32], sample_rate: int) -> tuple[Sound, int]:
    """Fade the very ends; give the sound and how many samples were beyond full scale.

    A sound that goes beyond is turned down as a whole: cutting its peaks would be heard.

    Raises:
        AudioError: the model made something that is no sound.
    """
    check_finite(waveform)
    samples = waveform.astype(np.float32, copy=True)
    for seconds, end in (
        (FADE_IN_SECONDS, slice(None, None)),
        (FADE_OUT_SECONDS, slice(None, None, -1)),
    ):
        length = min(round(seconds * sample_rate), samples.shape[-1] // 2)
        ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
        samples[:, end][:, :length] *= ramp
    beyond = turn_down(samples)
    return Sound(samples, sample_rate), beyond


def check_finite(waveform: NDArray[np.float32]) -> None:
    """Refuse what a model made that is no sound.

    Raises:
        AudioError: there is NaN or infinity in it.
    """
    if not np.isfinite(waveform).all():
        raise AudioError(
            "The model made NaN or infinity.", "Train it again: with a smaller --lr, or longer."
        )


def turn_down(samples: NDArray[np.float32]) -> int:
    """Turn a sound down, in place, that goes beyond full scale; count the samples that did."""
    size = np.abs(samples)
    peak, beyond = float(size.max(initial=0.0)), int((size > 1).sum())
    if peak > 1:
        samples *= LOUDEST / peak
    return beyond
