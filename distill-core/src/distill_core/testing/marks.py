"""Which functions of a plugin are hooks, as pluggy's marker shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import hookspecs
from ..model_type import ModelType
from ..owner import needed

MARK = f"{hookspecs.PROJECT}_impl"  # the attribute that the marker sets


def hooks(plugin: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """List what a module marks as hooks, by the names that core knows them by."""
    for name, function in vars(plugin).items():
        told = getattr(function, MARK, None)
        if callable(function) and isinstance(told, dict):
            yield told.get("specname") or name, function


def missing(plugin: Any, record: ModelType) -> list[str]:
    """List the hooks that core has no answer of its own to, and the plugin neither."""
    there = {name for name, _ in hooks(plugin)}
    return [each for each in ("distill_model_types", *needed(record)) if each not in there]
