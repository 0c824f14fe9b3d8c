"""Takes its settings by place, which shifts with the next one."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen
class Placed(right.Generating):
    """Settings that are told by their place."""

    tilt: float = knob(0.0, help="How bright it plays.", min=-1, max=1)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("placed", generating=Placed)
