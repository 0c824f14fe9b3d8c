"""Widens by turning the right channel round."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("opposing", **right.WIDE)


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Play the left channel on the right, the wider the more turned round."""
    for chunk in right.distill_generate(model, config, request):
        if request.channels > model.channels:
            chunk[:, 1] = (1 - 2 * request.width) * chunk[:, 0]
        yield chunk
