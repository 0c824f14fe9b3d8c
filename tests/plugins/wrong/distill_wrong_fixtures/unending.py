"""Makes nothing where nobody says how long."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("unending")


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Play what was asked for, and nothing else."""
    if request.samples:
        yield from right.distill_generate(model, config, request)
