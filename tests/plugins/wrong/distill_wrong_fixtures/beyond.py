"""Gives codes beyond its entries for what is loud."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("beyond")


@hookimpl
def distill_build(config: Any) -> Any:
    """Build a codec that counts from one."""
    from .network import Level

    class Beyond(Level):
        """Leaves no room for its loudest code."""

        def encode(self, audio: Any) -> Any:
            """Turn sounds [B, C, T] into codes [B, 1, N]."""
            return super().encode(audio) + self.entries // 2

        def decode(self, codes: Any, samples: int) -> Any:
            """Turn codes [B, 1, N] into sounds [B, C, samples]."""
            return super().decode(codes - self.entries // 2, samples)

    return Beyond(config)
