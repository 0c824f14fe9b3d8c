"""Has a default for a hook's argument, which it is then never given."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("defaulting")


@hookimpl
def distill_build(config: Any, host: Any = None) -> Any:
    """Build without ever seeing a host."""
    return right.distill_build(config)
