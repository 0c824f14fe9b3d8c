"""Loses its own settings when they are fitted."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("losing", **right.WIDE)


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a network that blends in its own way."""
    from .network import Level

    class Losing(Level):
        """Keeps nothing."""

        def fitting(self, settings: Any) -> Any:
            """Give nothing back."""
            return None

    return Losing(config)
