"""A codec without a neural network: it lays sounds anew from grains of your own."""

from importlib import import_module

import attrs
from distill_core import ModelType, Run, Tokenizer, hookimpl, knob


@attrs.frozen(kw_only=True)
class MosaicModel:
    """What shapes a mosaic; there is nothing else to set."""

    sample_rate: int = knob(48000, help="Sample rate.", min=8000, max=192000, unit="Hz")
    channels: int = knob(1, help="1 learns the mono mix, 2 learns stereo.", min=1, max=2)
    levels: int = knob(3, help="Codes of a frame: its grain, then shades of it.", min=1, max=8)
    entries: int = knob(256, help="Grains, and shades, to choose from.", min=2, max=4096)
    hop: float = knob(20.0, help="Time from one grain to the next.", min=2, max=200, unit="ms")


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [ModelType(
        name="mosaic", versions=(1,), summary="Lays sounds anew from grains of your own.",
        model=MosaicModel, plays=False, provides=frozenset({Tokenizer}),
    )]  # fmt: skip


@hookimpl
def distill_build(config: MosaicModel) -> object:
    """Build it, without grains yet; torch is imported no sooner than here."""
    return import_module(".network", __name__).Mosaic(*attrs.astuple(config))


@hookimpl
def distill_train(model: object, run: Run) -> None:
    """Choose grains, and learn their shades through core's loop."""
    run.fit(import_module(".network", __name__).Shading(model, run))
