"""Changes its weights when it plays."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("wearing")


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Wear out, too little to be heard."""
    model.level.mul_(1 - 1e-7)
    yield from right.distill_generate(model, config, request)
