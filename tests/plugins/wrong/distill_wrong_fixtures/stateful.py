"""Keeps what the next step depends on where no checkpoint sees it."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("stateful")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train with an objective that counts for itself."""
    from .learning import LevelObjective

    class Counting(LevelObjective):
        """Weighs each loss by how many there were."""

        losses = 0

        def loss(self, batch: Any, progress: float) -> dict[str, Any]:
            """Count, and weigh."""
            self.losses += 1
            return {"loss": super().loss(batch, progress)["loss"] * self.losses**4}

    run.fit(Counting(model, config.training, run))
    return {}
