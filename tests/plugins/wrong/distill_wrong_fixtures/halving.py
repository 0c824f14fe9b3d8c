"""Says that it widens, and has one channel all the same."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("halving", **right.WIDE)


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Yield one channel."""
    for chunk in right.distill_generate(model, config, request):
        yield chunk[:, : model.channels]
