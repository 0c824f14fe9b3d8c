"""A whole backend of a stranger's: next to silence, learnt from your sounds."""

from __future__ import annotations

from typing import Any

import attrs
from distill_core import Configs, Facts, ModelType, Morphs, hookimpl

from .configs import HushGenerating, HushModel, HushTraining

WIDTH_SECONDS = 60  # of sound from which a wider network pays
PRESETS = {"soft": {"loudness": 0.1}, "low and high": {"tilt": {"low": 0.5, "high": -0.25}}}
SLIDERS = [{"name": "low", "variance": 0.625}, {"name": "high", "variance": 0.25}]


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [
        ModelType(
            name="hush",
            versions=(1, 3),
            summary="Plays next to nothing.",
            model=HushModel,
            training=HushTraining,
            generating=HushGenerating,
            provides=frozenset({Morphs}),
            rank=-1,
        )
    ]


@hookimpl
def distill_adapt(configs: Configs, facts: Facts) -> Configs:
    """Let the width follow the amount of sound."""
    width = configs.model.width or (2 if facts.seconds < WIDTH_SECONDS else 4)
    return attrs.evolve(configs, model=attrs.evolve(configs.model, width=width))


@hookimpl
def distill_build(config: HushModel):
    """Build the untrained network."""
    from .network import Hush

    return Hush(config)


@hookimpl
def distill_train(model, config: Configs, run) -> dict[str, Any]:
    """Train through core's loop."""
    from .training import HushObjective

    outcome = run.fit(HushObjective(model, config.training, run))
    return {"steps": outcome.steps, "presets": PRESETS, "sliders": SLIDERS}


@hookimpl
def distill_generate(model, config: HushGenerating, request):
    """Yield noise as loud as was learnt."""
    from .generation import chunks

    return chunks(model, config, request)
