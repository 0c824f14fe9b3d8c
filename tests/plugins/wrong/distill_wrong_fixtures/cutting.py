"""Codes one frame too few: what is left of the last one is not coded."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("cutting")


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a codec that cuts."""
    from .network import Level

    class Cutting(Level):
        """Leaves out what fills no frame."""

        def encode(self, audio: Any) -> Any:
            """Turn sounds [B, C, T] into codes [B, 1, floor(T / hop)]."""
            return super().encode(audio)[..., : audio.shape[-1] // self.hop]

    return Cutting(config)
