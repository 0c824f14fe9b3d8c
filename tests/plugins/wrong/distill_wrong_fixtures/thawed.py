"""Has settings that can be changed after they were checked."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.define(kw_only=True)
class Thawed:
    """Settings that are not frozen."""

    lr: float = knob(0.01, help="Learning rate.", min=1e-6, max=1)
    batch: int = knob(2, help="Crops per step.", min=1, max=64)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("thawed", training=Thawed)
