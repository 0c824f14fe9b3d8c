"""Asks for an argument that core does not give: a typing error, or a newer core's."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("greedy")


@hookimpl
def distill_generate(model: Any, config: Any, request: Any, weather: Any) -> Any:
    """Play according to the weather."""
    return right.distill_generate(model, config, request)
