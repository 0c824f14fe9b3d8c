"""Leaves a file in the working folder."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("littering")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train, and write down how."""
    from pathlib import Path

    Path("litter.txt").write_bytes(b"trained")
    return right.distill_train(model, config, run)
