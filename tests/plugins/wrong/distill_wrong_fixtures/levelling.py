"""Codes a sound by how loud the others of its batch are."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("levelling")


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a codec that listens to all at once."""
    from .network import Level

    class Levelling(Level):
        """Looks at the whole batch."""

        def encode(self, audio: Any) -> Any:
            """Turn sounds [B, C, T] into codes [B, 1, ceil(T / hop)]."""
            return super().encode(audio + audio.abs().amax())

    return Levelling(config)
