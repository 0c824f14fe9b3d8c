"""Brings another type than its entry point says."""

from __future__ import annotations

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("named_otherwise")
