"""What the examples of `distill_core.hookspecs` stand on: hush, a backend that learns loudness."""

import sys

import attrs
import torch
from distill_core import ModelType, Objective, hookimpl, knob
from torch import nn


@attrs.frozen(kw_only=True)
class HushModel:
    """What shapes its weights."""

    sample_rate: int = knob(48000, help="Sample rate.", min=8000, max=192000, unit="Hz")
    channels: int = knob(1, help="1 learns the mono mix, 2 learns stereo.", min=1, max=2)
    width: int | None = knob(None, help="Numbers that it remembers.", min=1, max=64)


@attrs.frozen(kw_only=True)
class HushTraining:
    """How it learns."""

    lr: float = knob(0.1, help="Peak learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(4, help="Crops per step.", min=1, max=64)


@attrs.frozen(kw_only=True)
class HushGenerating:
    """How it plays."""

    loudness: float = knob(0.1, help="How loud; 1 is as loud as it heard.", min=0, max=1)


class Hush(nn.Module):
    """A few numbers, whose mean says how loud the sounds were."""

    def __init__(self, config: HushModel) -> None:
        """Begin anywhere; core has seeded the generator that this draws from."""
        super().__init__()
        self.sample_rate, self.channels = config.sample_rate, config.channels
        self.levels = nn.Parameter(torch.randn(config.width or 4))

    def forward(self) -> torch.Tensor:
        """Give the level, [1]."""
        return self.levels.mean().sigmoid()


class HushObjective(Objective):
    """Crops in, the distance between two levels out."""

    def __init__(self, model, config, run) -> None:
        """Ready what core's loop asks for."""
        self.model, self.config, self.run, self.lr = model, config, run, config.lr
        self.epoch_steps = run.dataset.epoch_steps(config.batch, 0.5)

    def batch(self, step):
        """Cut half-second crops."""
        half = self.model.sample_rate // 2
        return self.run.dataset.crops(self.run.seed, step, self.config.batch, half)

    def loss(self, batch, progress):
        """Compare what it would play with what it hears."""
        heard = batch.audio.to(self.run.device).square().mean().sqrt()
        return {"loss": (self.model() - heard).square()}
