"""Lets its entry point name an object, by which core cannot tell whose fault a failure is."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right


class Plugin:
    """Hooks that are methods."""

    @hookimpl
    def distill_model_types(self) -> list[ModelType]:
        """Say what this backend brings."""
        return right.types("pointing")

    distill_build = staticmethod(right.distill_build)
    distill_train = staticmethod(right.distill_train)
    distill_generate: Any = staticmethod(right.distill_generate)


plugin = Plugin()
