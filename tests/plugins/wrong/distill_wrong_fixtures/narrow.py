"""Plays one channel, whatever was asked for."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("narrow")


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Yield the first channel alone."""
    for chunk in right.distill_generate(model, config, request):
        yield chunk[:, :1]
