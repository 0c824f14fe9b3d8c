"""Yields float64, which is what numpy makes of most things."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("doubling")


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Be more exact than anyone hears."""
    for chunk in right.distill_generate(model, config, request):
        yield chunk.double()
