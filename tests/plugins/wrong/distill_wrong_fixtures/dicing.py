"""Draws its first weights from numpy, which nobody seeds for it."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("dicing")


@hookimpl
def distill_build(config: Any) -> Any:
    """Begin somewhere else each time."""
    import numpy as np
    import torch

    network = right.distill_build(config)
    network.level = torch.nn.Parameter(network.level + float(np.random.default_rng().random()))
    return network
