"""Has a knob with the name of an argument of `model.generate`, which takes it away."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Clashing(right.Generating):
    """Settings of which one can be typed, and not be given from Python."""

    duration: float = knob(1.0, help="How long it rings.", min=0.1, max=9, flag="ringing")


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("clashing", generating=Clashing)
