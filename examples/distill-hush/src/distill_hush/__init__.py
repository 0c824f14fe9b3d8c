"""A backend for Distill: it learns the colour of your sounds, and plays noise of that colour."""

from typing import Any

from attrs import frozen
from distill_core import Configs, ModelType, hookimpl, knob


@frozen(kw_only=True)
class HushModel:
    sample_rate: int = knob(44100, help="Sample rate of its sounds.", min=8000, max=192000)
    channels: int = knob(1, help="1 is mono, 2 is stereo.", min=1, max=2)


@frozen(kw_only=True)
class HushTraining:
    lr: float = knob(1.0, help="Decibels that a step may change.", min=0.01, max=10, scale="log")
    batch: int = knob(16, help="Crops that it hears in one step.", min=1, max=256)


@frozen(kw_only=True)
class HushGenerating:
    gain: float = knob(0.0, help="How much louder it plays.", min=-60, max=20, unit="dB")


@hookimpl
def distill_model_types() -> list[ModelType]:
    configs: Any = {"model": HushModel, "training": HushTraining}
    configs["generating"] = HushGenerating
    return [ModelType(name="hush", versions=(1,), summary="Noise of one colour.", **configs)]


@hookimpl
def distill_build(config: HushModel) -> Any:
    from .network import HushNetwork  # torch is imported no sooner than here

    return HushNetwork(config.channels, config.sample_rate)


@hookimpl
def distill_train(model: Any, config: Configs, run: Any) -> None:
    from .network import HushObjective

    told = config.training
    run.fit(HushObjective(model, run, lr=told.lr, batch=told.batch, seconds=0.4))


@hookimpl
def distill_generate(model: Any, config: HushGenerating, request: Any) -> Any:
    return model.play(config.gain, request)
