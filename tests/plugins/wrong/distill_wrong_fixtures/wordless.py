"""Has a knob that says nothing of itself."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Wordless(right.Generating):
    """Settings with a knob that no one can understand."""

    tilt: float = knob(0.0, help="tilt", min=-1, max=1)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("wordless", generating=Wordless)
