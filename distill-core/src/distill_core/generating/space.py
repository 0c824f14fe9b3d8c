"""The spatial mode of a take: what is asked of the model, and what core does to its sound."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..errors import ConfigError, nearest

if TYPE_CHECKING:
    from ..audio.decoding import Block
    from ..model_type import ModelType

AS_TRAINED, MONO, STEREO, BINAURAL = "as-trained", "mono", "stereo", "binaural"
MODES = (AS_TRAINED, MONO, STEREO, BINAURAL)
WIDTH = 0.5
FURTHEST = 180.0  # degrees to either side: behind


@frozen
class Space:
    """How a take is to lie between the ears.

    Attributes:
        mode: one of `MODES`.
        width: 0 (both channels alike) to 1; of stereo that is made of mono, and of binaural.
        azimuth: degrees to the right; of binaural.
    """

    mode: str = AS_TRAINED
    width: float = WIDTH
    azimuth: float = 0.0

    @classmethod
    def of(cls, mode: Any = AS_TRAINED, width: Any = WIDTH, azimuth: Any = 0.0) -> Space:
        """Take what a user gave.

        Raises:
            ConfigError: there is no such mode, or a number lies beyond its range.
        """
        if mode not in MODES:
            meant = nearest(str(mode), MODES)
            raise ConfigError(f"--spatial: {mode} is not one of {', '.join(sorted(MODES))}.{meant}")
        return cls(
            mode,
            _within("--width", width, 0.0, 1.0),
            _within("--azimuth", azimuth, -FURTHEST, FURTHEST),
        )

    def channels(self, kind: ModelType, own: int) -> int:
        """Say how many channels to ask of a model that has `own` of them, played by `kind`."""
        return 2 if self._widened(kind, own) else own

    def placed(self, wave: Block, own: int, sample_rate: int) -> Block:
        """Bring a sound [C, T] of a model that has `own` channels to this mode."""
        from ..audio import spatial
        from ..audio.mixing import mix

        if self.mode == AS_TRAINED:
            return wave
        if self.mode == MONO:
            return spatial.to_mono(wave)
        if len(wave) == 1:
            pair = spatial.decorrelated(wave, sample_rate, self.width)
        else:
            pair = spatial.compatible(wave, self.width) if own == 1 else mix(wave, 2)
        if self.mode == STEREO:
            return pair
        return spatial.binaural(pair, sample_rate, self.width, self.azimuth)

    def told(self, kind: ModelType, own: int) -> str:
        """Say in a sentence how it is done; nothing where all is as trained."""
        if self.mode == AS_TRAINED:
            return ""
        if self.mode == MONO:
            return "Mono: as trained." if own == 1 else "Mono: the mean of all channels."
        way = "as trained"
        if own == 1:
            way = "two related sounds" if self._widened(kind, own) else "decorrelated"
        words = [way, *(f"{name} {value:g}" for name, value in self.numbers(own).items())]
        return f"{self.mode.capitalize()}: {', '.join(words)}."

    def recipe(self, own: int) -> dict[str, Any]:
        """Give what of it matters to a take of a model that has `own` channels."""
        if self.mode == AS_TRAINED:
            return {}
        return {"spatial": self.mode, **self.numbers(own)}

    def numbers(self, own: int) -> dict[str, float]:
        """Give the numbers that matter to this mode, by name."""
        if self.mode == BINAURAL:
            return {"width": self.width, "azimuth": self.azimuth}
        return {"width": self.width} if self.mode == STEREO and own == 1 else {}

    def _widened(self, kind: ModelType, own: int) -> bool:
        """Say whether the model itself makes two channels of its one."""
        return self.mode in {STEREO, BINAURAL} and own == 1 and kind.widens


AS_IT_IS = Space()


def _within(flag: str, value: Any, least: float, most: float) -> float:
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not least <= value <= most:
        raise ConfigError(f"{flag}: {value} must lie between {least:g} and {most:g}.")
    return float(value) + 0.0  # -0.0 is 0: equal settings are equal words in a recipe
