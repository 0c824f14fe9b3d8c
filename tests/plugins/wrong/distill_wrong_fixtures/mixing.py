"""Draws all takes of a batch from the first one's generator."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("mixing")


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Let each take depend on how many there are."""
    import torch

    left = request.samples or 4000
    shape = (len(request.rngs), left, model.channels)
    drawn = torch.rand(shape, generator=request.rngs[-1]).transpose(1, 2)
    yield model.loudness().detach() * (drawn - 0.5)
