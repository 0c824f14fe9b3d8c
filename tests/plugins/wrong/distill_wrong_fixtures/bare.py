"""Has a setting that is no knob: without an option, a check and a sentence."""

from __future__ import annotations

import attrs
from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate, distill_train  # noqa: F401 - its hooks


@attrs.frozen(kw_only=True)
class Bare(right.Training):
    """Settings of which one is a field and no knob."""

    patience: int = 3


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("bare", training=Bare)
