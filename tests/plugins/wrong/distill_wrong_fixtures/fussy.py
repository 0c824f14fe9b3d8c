"""Learns from many clips only."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("fussy")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Take a clip for granted that was held out."""
    run.dataset.held_out[0]
    return right.distill_train(model, config, run)
