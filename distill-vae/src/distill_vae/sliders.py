"""The sliders of a model: their names, and what a user may set them to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from attrs import frozen
from distill_core import ConfigError, ModelFileError

LONGEST_NAME = 60  # characters
AGAIN = "Train it again."


@frozen
class Told:
    """What a model's extras tell.

    Attributes:
        names: of the sliders, in the order of the components.
        ends: whether the training clips end by themselves.
    """

    names: tuple[str, ...] = ()
    ends: bool = True


def read_extras(extras: Mapping[str, Any], sliders: int) -> Told:
    """Read what was learnt after training; a stranger may have written it.

    Args:
        extras: of the model.
        sliders: that its analysis has.

    Raises:
        ModelFileError: they are not what a training leaves.
    """
    table = extras.get("sliders", [])
    if not isinstance(table, list) or not all(isinstance(each, dict) for each in table):
        raise ModelFileError("The model's sliders are damaged: they are no list of tables.", AGAIN)
    names = [each.get("name") for each in table]
    if not all(isinstance(name, str) and _is_name(name) for name in names):
        raise ModelFileError("The model's sliders are damaged: one has no name.", AGAIN)
    if len(set(names)) < len(names) or len(names) != sliders:
        raise ModelFileError(
            f"The model's sliders are damaged: {len(set(names))} have names,"
            f" {sliders} have components.",
            AGAIN,
        )
    ends = extras.get("ends", True)
    if not isinstance(ends, bool):
        raise ModelFileError("The model's extras are damaged: 'ends' is not true or false.", AGAIN)
    return Told(tuple(names), ends)


def check_sliders(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Refuse sliders that a model has not.

    Raises:
        ConfigError: says which there are, and which was meant.
    """
    known = sorted(known)
    for name in wanted:
        if not known:
            raise ConfigError(
                f"--slider: {name} cannot be set, since no sliders were found when this model was"
                " trained: it was stopped before, or had too few sounds.",
                "Leave --slider out, or train again: to the end, with more sounds.",
            )
        if name not in known:
            near = get_close_matches(name.lower(), known, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(
                f"--slider: there is no {name}.{meant} This model has: {', '.join(known)}."
            )


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= LONGEST_NAME and name.isprintable() and "=" not in name
