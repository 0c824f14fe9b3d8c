"""Has a knob that is automatic, though its type says that it is not."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl, knob

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Hollow(right.Training):
    """Settings of which one is None, and may not be."""

    width: int = knob(None, help="How wide it listens.", min=1, max=9)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("hollow", training=Hollow)
