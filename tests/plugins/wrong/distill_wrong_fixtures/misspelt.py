"""Has a hook that nobody ever asks, for a typing error in its name."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("misspelt")


@hookimpl
def distill_adpat(configs: Any, facts: Any) -> Any:
    """Be misspelt."""
    return configs
