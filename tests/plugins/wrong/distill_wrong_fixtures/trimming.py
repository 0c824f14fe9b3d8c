"""Loses a sample when it morphs."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("trimming")


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a network that morphs in its own way."""
    from .network import Level

    class Trimming(Level):
        """Is one sample short."""

        def morph(self, start: Any, end: Any, amount: float) -> Any:
            """Go between two sounds [B, C, T]."""
            return super().morph(start, end, amount)[..., :-1]

    return Trimming(config)
