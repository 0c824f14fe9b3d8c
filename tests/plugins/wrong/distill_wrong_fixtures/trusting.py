"""Loads whatever a file holds, also what is none of its."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("trusting")


@hookimpl
def distill_load(file: Any, device: str) -> Any:
    """Take what fits, and say nothing of the rest."""
    network = right.distill_build(file.config)
    own = network.state_dict()
    fitting = {
        name: tensor
        for name, tensor in file.tensors.items()
        if name in own and own[name].shape == tensor.shape
    }
    network.load_state_dict(fitting, strict=False)
    return network.to(device).eval()
