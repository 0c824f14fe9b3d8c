"""Keeps what it learnt in a plain attribute, which no file ever sees."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("forgetful")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train, and learn something beside the weights."""
    right.distill_train(model, config, run)
    model.louder = 3.0
    return {}


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Play by what was learnt, or by nothing."""
    for chunk in right.distill_generate(model, config, request):
        yield chunk * getattr(model, "louder", 1.0)
