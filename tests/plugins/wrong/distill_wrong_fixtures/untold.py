"""Is right, in a distribution that says neither what it is nor that it needs distill-core."""

from __future__ import annotations

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("untold")
