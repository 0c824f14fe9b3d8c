"""Has two knobs with one flag."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Unequal(right.Training):
    """Settings of which two have one flag."""

    size: int = knob(2, help="Crops per step.", min=1, max=64, flag="batch")


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("unequal", training=Unequal)
