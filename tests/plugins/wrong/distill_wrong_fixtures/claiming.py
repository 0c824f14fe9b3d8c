"""Says of every file that it is its own."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("claiming")


@hookimpl
def distill_detect(header: Any) -> str:
    """Look at nothing."""
    return "claiming"
