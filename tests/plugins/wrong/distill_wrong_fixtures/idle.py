"""Trains without changing anything."""

from __future__ import annotations

from typing import Any

from distill_core import ModelType, hookimpl

from . import right
from .right import distill_build, distill_generate  # noqa: F401 - its hooks


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return right.types("idle")


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Let the loss depend on the weights, at a rate of nothing."""
    from .learning import LevelObjective

    class Idle(LevelObjective):
        """Takes no step."""

        def loss(self, batch: Any, progress: float) -> dict[str, Any]:
            """Measure, and learn nothing from it."""
            return {"loss": 0 * self.model.level.sum()}

    objective = Idle(model, config.training, run)
    objective.lr = 0.0
    run.fit(objective)
    return {}
