"""Has a knob with a flag that `distill generate` has, which leaves it without an option."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Grabbing(right.Generating):
    """Settings with a flag of the command's own."""

    pace: float = knob(1.0, help="How fast it plays.", min=0.5, max=2, flag="duration")


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("grabbing", generating=Grabbing)
