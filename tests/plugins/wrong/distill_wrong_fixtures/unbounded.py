"""Has a knob whose default it refuses."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Unbounded(right.Generating):
    """Settings with a default out of its bounds."""

    tilt: float = knob(2.0, help="How bright it plays.", min=-1, max=1)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("unbounded", generating=Unbounded)
