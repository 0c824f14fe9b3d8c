"""Morphs by staying with the first sound until the very end."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("leaping")


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a network that morphs in its own way."""
    from .network import Level

    class Leaping(Level):
        """Knows no between."""

        def morph(self, start: Any, end: Any, amount: float) -> Any:
            """Go between two sounds [B, C, T]."""
            return end if amount == 1 else start

    return Leaping(config)
