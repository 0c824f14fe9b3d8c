"""A backend that is right: it hears how loud sounds are, plays noise that is, and codes levels."""

from __future__ import annotations

from typing import Any

import attrs
from distill_core import Blends, Configs, ModelType, Morphs, Tokenizer, hookimpl, knob


@attrs.frozen(kw_only=True)
class Model:
    """What shapes the network."""

    sample_rate: int = knob(8000, help="Sample rate.", min=8000, max=192000, unit="Hz")
    channels: int = knob(1, help="1 is mono, 2 is stereo.", min=1, max=2)
    entries: int = knob(16, help="Levels that it tells apart.", min=2, max=256, scale="log")


@attrs.frozen(kw_only=True)
class Training:
    """How it learns."""

    lr: float = knob(0.01, help="Learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(2, help="Crops per step.", min=1, max=64)


@attrs.frozen(kw_only=True)
class Generating:
    """How it plays."""

    gain: float = knob(1.0, help="How much louder than it learnt.", min=0.5, max=2, short="g")


WIDE: dict[str, Any] = {"widens": True, "provides": frozenset({Tokenizer, Morphs, Blends})}


def types(name: str, **changes: Any) -> list[ModelType]:
    """Give what `distill_model_types` tells, under another name and with changes."""
    told: dict[str, Any] = {
        "name": name, "versions": (1,), "summary": "Plays noise as loud as your sounds.",
        "model": Model, "training": Training, "generating": Generating,
        "provides": frozenset({Tokenizer, Morphs}), "rank": -9,
    }  # fmt: skip
    return [ModelType(**told | changes)]


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return types("right", **WIDE)


@hookimpl
def distill_build(config: Any) -> Any:
    """Build the untrained network."""
    from .network import Level

    return Level(config)


@hookimpl
def distill_train(model: Any, config: Configs, run: Any) -> dict[str, Any]:
    """Train through core's loop."""
    from .learning import LevelObjective

    run.fit(LevelObjective(model, config.training, run))
    return {"presets": {"loud": {"gain": 2.0}}}


@hookimpl
def distill_generate(model: Any, config: Any, request: Any) -> Any:
    """Yield noise as loud as was learnt."""
    from .playing import chunks

    return chunks(model, config.gain, request)
