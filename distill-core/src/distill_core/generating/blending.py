"""Several models in one take: their latents mixed by the type itself, or their sounds by core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from ..audio.aligning import mixed
from ..audio.sound import Sound
from ..errors import ConfigError
from ..protocols import Blends
from .collecting import Made, Pulse, collect, make_request
from .recipe import identity, used_by
from .request import Partner
from .space import Space
from .weights import Weights, other_type

if TYPE_CHECKING:
    from ..loading import Loaded
    from ..model import Model


@frozen(eq=False)
class Blend:
    """Models in one take.

    Attributes:
        models: the leader first; it gives rate, channels and name.
        weights: one a model; they sum to 1.
    """

    models: tuple[Model, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, leader: Model, given: Mapping[Model, Any] | None) -> Blend | None:
        """Take what a user gave: weights by model; a leader not among them has the rest to 1.

        Raises:
            ConfigError: too few or too many models, one twice, one of another type, a type that
                cannot blend, or weights that cannot be.
        """
        if given is None:
            return None
        models = (leader, *(each for each in given if each is not leader))
        names = [each.name for each in models]
        weights = Weights.of(names, [given.get(each) for each in models])
        for index, model in enumerate(models[1:], 1):
            _check_partner(leader, model)
            if any(_is_same_file(model, each) for each in models[:index]):
                raise ConfigError(
                    f"--blend: {model.header.path} is there twice.", "Add its weights up."
                )
        if not can_blend(leader.player()):
            raise ConfigError(f"A {leader.type} model cannot be blended.")
        return cls(models, weights.shares)

    @property
    def is_of_latents(self) -> bool:
        """Say whether the leader's network can mix the latents of all."""
        leader, *others = self.models
        network = _network(leader)
        return all(
            (each.sample_rate, each.channels) == (leader.sample_rate, leader.channels)
            and network.mixes_with(each.player().network)
            for each in others
        )

    def partners(self) -> tuple[Partner, ...]:
        """Give what the leader mixes latents of; nothing where core mixes sounds."""
        if not self.is_of_latents:
            return ()
        return tuple(
            Partner(
                network=model.player().network, weight=weight, extras=model.player().extras,
                host=model.host.network if model.player() is not model.host else None,
            )
            for model, weight in zip(self.models, self.weights, strict=True)
        )  # fmt: skip

    def told(self) -> str:
        """Say in a sentence how it is done."""
        what = "latents" if self.is_of_latents else "sounds (their networks differ)"
        shares = (
            f"{model.name} {weight:.3g}"
            for model, weight in zip(self.models, self.weights, strict=True)
        )
        return f"Blending {what}: {', '.join(shares)}."

    def recipe(self) -> dict[str, Any]:
        """Give what makes it again."""
        partners = [
            identity(model, used_by(model, model.player())) | {"weight": weight}
            for model, weight in zip(self.models, self.weights, strict=True)
        ]
        return {"blend": partners, "blended": "latents" if self.is_of_latents else "sounds"}

    def sounds(
        self,
        seeds: Sequence[int],
        duration: float | None,
        settings: Any,
        space: Space,
        pulse: Pulse | None,
    ) -> list[Made]:
        """Make each partner's takes, from the same seeds, and mix them at the leader's rate."""
        leader, before = self.models[0], 0
        channels = space.channels(leader.player().owner.type, leader.channels)
        made = []
        for model, own in zip(self.models, self.fitted(settings), strict=True):
            samples = None if duration is None else model.samples(duration)
            request = make_request(model, model.player(), seeds, samples, space)
            told = None if pulse is None else lambda count, more=before: pulse(more + count)
            takes = collect(model.player(), request, own, told)
            before += sum(wave.shape[-1] for wave, _ in takes)
            made.append(takes)
        length = None if duration is None else leader.samples(duration)
        return [self._mixed(takes, channels, length) for takes in zip(*made, strict=True)]

    def fitted(self, settings: Any) -> list[Any]:
        """Give each partner what it knows of the settings; what none knows is left to the leader.

        It will refuse that in its own words, as it does alone.
        """
        own = [_network(model).fitting(settings) for model in self.models]
        for name, table in _tables(settings):
            known = {key for each in own for key in getattr(each, name)}
            if not table.keys() <= known:
                return [settings, *own[1:]]
        return own

    def _mixed(self, takes: Sequence[Made], channels: int, length: int | None) -> Made:
        """Mix one take of each partner; what they attached is kept by partner."""
        rate = self.models[0].sample_rate
        waves = [
            Sound(wave, model.sample_rate).to(sample_rate=rate, channels=channels).samples
            for (wave, _), model in zip(takes, self.models, strict=True)
        ]
        whole = Sound(mixed(waves, self.weights, rate), rate)
        attached = [each for _, each in takes]
        kept = None if all(each is None for each in attached) else attached
        return (whole if length is None else whole.cut(length)).samples, kept


def can_blend(player: Loaded) -> bool:
    """Say whether what plays a model blends with its like."""
    return Blends in player.owner.type.provides


def _check_partner(leader: Model, partner: Model) -> None:
    own, other = (each.player().owner.type.name for each in (leader, partner))
    if (leader.type, own) != (partner.type, other):
        raise other_type(partner.header.path, partner.type, leader.type)


def _is_same_file(one: Model, other: Model) -> bool:
    paths = [each.header.path for each in (one, other)]
    return paths[0].resolve() == paths[1].resolve()


def _network(model: Model) -> Blends:
    network = model.player().network
    assert isinstance(network, Blends)  # core asked when it was built
    return network


def _tables(settings: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the settings that are tables, by name."""
    for field in attrs.fields(type(settings)):
        value = getattr(settings, field.name)
        if isinstance(value, dict):
            yield field.name, value
