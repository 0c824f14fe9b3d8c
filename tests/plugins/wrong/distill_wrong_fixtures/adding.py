"""Adds its partners up without their weights."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("adding", **right.WIDE)


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Blend as if each partner were alone."""
    import attrs

    blend = [attrs.evolve(each, weight=1.0) for each in request.blend]
    return right.distill_generate(model, config, attrs.evolve(request, blend=blend))
