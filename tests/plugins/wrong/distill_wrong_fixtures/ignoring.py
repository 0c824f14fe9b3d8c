"""Plays alone, whoever is to be blended with it."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("ignoring", **right.WIDE)


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Look at no partner."""
    import attrs

    return right.distill_generate(model, config, attrs.evolve(request, blend=()))
