"""Mixes with nobody."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("shunning", **right.WIDE)


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a network that blends in its own way."""
    from .network import Level

    class Shunning(Level):
        """Knows no equals."""

        def mixes_with(self, other: Any) -> bool:
            """Refuse everyone."""
            return False

    return Shunning(config)
