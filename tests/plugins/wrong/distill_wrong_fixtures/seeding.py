"""Seeds torch's global generator where it trains, so that all its trainings are one."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("seeding")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train after seeding, as scripts do."""
    import torch

    torch.manual_seed(42)
    return right.distill_train(model, config, run)
