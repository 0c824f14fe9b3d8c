"""Returns a preset that its own settings do not allow."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("boasting")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train, and name a setting that is out of bounds."""
    right.distill_train(model, config, run)
    return {"presets": {"loudest of all": {"gain": 30.0}}}
