"""Knows no width between mono and two sounds."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("splitting", **right.WIDE)


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Play another noise on the right, even at width 0."""
    for chunk in right.distill_generate(model, config, request):
        if request.channels > model.channels:
            chunk[:, 1] = chunk[:, 0].flip(-1)
        yield chunk
