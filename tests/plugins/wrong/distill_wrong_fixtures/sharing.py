"""Keeps what it learnt in its module, where every model finds it and no file does."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build  # noqa: F401 - its hooks

LEARNT: list[int] = []


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("sharing")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train, and remember how often."""
    LEARNT.append(run.seed)
    return right.distill_train(model, config, run)


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Play by what was learnt last."""
    for chunk in right.distill_generate(model, config, request):
        yield chunk * (1 + len(LEARNT))
