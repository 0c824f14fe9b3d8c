"""Which models `distill generate` plays: MODEL, and those that --blend names with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen
from distill_core.errors import ConfigError
from distill_core.generating.weights import Weights, other_type
from distill_core.header import read_header
from distill_core.library import find
from distill_core.loading import detect
from distill_core.registry import environment

from .screen import current
from .values import NUMBER, Place, option

if TYPE_CHECKING:
    from distill_core.model import Model


class Weighted(click.ParamType[Any]):
    """A model and its weight: MODEL=WEIGHT, split at the last =."""

    name = "weighted"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """Read both."""
        word, _, number = str(value).rpartition("=")
        if not word or not NUMBER.fullmatch(number):
            self.fail(f"{value!r} is not MODEL=WEIGHT", param, ctx)
        return word, float(number)


def _named(ctx: click.Context, param: click.Parameter, model: str | None) -> str | None:
    """Miss MODEL where no partner stands for it."""
    if model is None and not ctx.params.get("blend"):
        raise click.MissingParameter(ctx=ctx, param=param)
    return model


model = click.argument("model", required=False, type=Place(), callback=_named)
blend = option(
    "--blend",
    type=Weighted(),
    multiple=True,
    is_eager=True,  # MODEL may be left out where there is one
    metavar="MODEL=WEIGHT",
    help="Sound together with this model; may be given several times. Without MODEL the first"
    " leads; with it, MODEL has the rest to 1.",
)


def leading(values: dict[str, Any]) -> Any:
    """Name the model whose type and settings count: MODEL, else the first partner; or None."""
    pairs = [each for each in values.get("blend") or () if each is not None]
    word = values.get("model")
    return pairs[0][0] if word is None and pairs else word


@frozen
class Lineup:
    """The models that are to sound together, the leader first.

    Attributes:
        paths: of their files; one alone where nothing is blended.
        told: their weights as they were typed; None for a leader that has what is left.
    """

    paths: tuple[Path, ...]
    told: tuple[float | None, ...] = ()

    @classmethod
    def of(cls, model: str | None, pairs: Sequence[tuple[str, float]]) -> Lineup:
        """Find the files, and warn of weights that do not sum to 1.

        Raises:
            ConfigError: a file is not there or there twice, too few or too many, one of another
                type, or bad weights.
        """
        if model is not None and not pairs:
            return cls((find(model),))
        found: list[tuple[Path, float | None]] = [(find(word), weight) for word, weight in pairs]
        words = [word for word, _ in pairs]
        for index, (path, _) in enumerate(found):
            if any(_is_same(path, each) for each, _ in found[:index]):
                raise ConfigError(f"--blend: {words[index]} is named twice.", "Add its weights up.")
        if model is not None:
            lead = find(model)
            own = [index for index, (path, _) in enumerate(found) if _is_same(path, lead)]
            found.insert(0, found.pop(own[0]) if own else (lead, None))
            words.insert(0, words.pop(own[0]) if own else model)
        paths, told = zip(*found, strict=True)
        _check_types(paths)
        warning = Weights.of(words, told).warning
        if warning:
            current().warn(warning)
        return cls(paths, told)

    def blend_with(self, leader: Model, device: str) -> dict[Model, float] | None:
        """Load the partners, and say how they are blended; None where nothing is."""
        from distill_core.generating.blending import Blend, can_blend
        from distill_core.loading import load

        if not self.told:
            return None
        if not can_blend(leader.player()):
            current().warn(f"--blend is not supported for {leader.type} models. Ignored.")
            return None
        models = [leader, *(load(path, device=device) for path in self.paths[1:])]
        weights = zip(models, self.told, strict=True)
        blend = {model: weight for model, weight in weights if weight is not None}
        made = Blend.of(leader, blend)
        assert made is not None
        current().say(made.told())
        return blend


def _check_types(paths: Sequence[Path]) -> None:
    """Refuse a model of another type than the first, by the headers alone."""
    headers = [read_header(path) for path in paths]
    kinds = [each.model_type or detect(each, environment()) for each in headers]
    for path, kind in zip(paths, kinds, strict=True):
        if kind != kinds[0]:
            raise other_type(path, kind, kinds[0])


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
