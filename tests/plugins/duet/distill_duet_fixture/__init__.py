"""A backend that widens and blends: chords of decaying partials, alone or in two voices."""

from __future__ import annotations

from typing import Any

import attrs
from distill_core import Blends, Configs, ModelType, hookimpl, knob


@attrs.frozen(kw_only=True)
class DuetModel:
    """What shapes it."""

    sample_rate: int = knob(8000, help="Sample rate.", min=8000, max=192000, unit="Hz")
    channels: int = knob(1, help="1 is mono, 2 is stereo.", min=1, max=2)
    partials: int = knob(6, help="Partials of a chord.", min=2, max=64)
    natural: float = knob(0.5, help="How long a chord is.", min=0.1, max=9, unit="s")
    own: str = knob("bright", help="The name of its slider.")


@attrs.frozen(kw_only=True)
class DuetTraining:
    """How it learns."""

    lr: float = knob(0.05, help="Learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(2, help="Crops per step.", min=1, max=64)


@attrs.frozen(kw_only=True)
class DuetGenerating:
    """How it plays."""

    slider: dict[str, float] = knob({}, help="Where a slider stands.", min=-1, max=1)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [
        ModelType(
            name="duet",
            versions=(1,),
            summary="Plays chords, alone or in two voices.",
            model=DuetModel,
            training=DuetTraining,
            generating=DuetGenerating,
            widens=True,
            provides=frozenset({Blends}),
            rank=-1,
        )
    ]


@hookimpl
def distill_build(config: DuetModel) -> Any:
    """Build the untrained network."""
    from .network import Duet

    return Duet(config)


@hookimpl
def distill_train(model: Any, config: Configs, run: Any) -> None:
    """Train through core's loop."""
    from .training import DuetObjective

    told = config.training
    run.fit(DuetObjective(model, run, lr=told.lr, batch=told.batch, seconds=0.1))


@hookimpl
def distill_generate(model: Any, config: DuetGenerating, request: Any) -> Any:
    """Yield a chord a take."""
    from .generation import chords

    return chords(model, config, request)
