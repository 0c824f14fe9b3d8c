"""Imports torch when it is imported, so that every --help waits for it."""

from __future__ import annotations

import torch
from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks

FLOAT = torch.float32


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("torch_at_once")
