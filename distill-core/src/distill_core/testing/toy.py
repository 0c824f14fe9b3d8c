"""A toy codec, so that companions can be tried without a backend of anyone's.

It hears how loud and how bright each frame is, and plays a tone that is. Letters: B batch,
C channels, T samples, K levels, N frames, V entries.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..configs import Configs
from ..hookspecs import hookimpl
from ..knobs import knob
from ..model_type import ModelType
from ..protocols import Morphs, Reconstructs, Tokenizer
from ..training.crop_objective import CropObjective
from .bundled import TOY

if TYPE_CHECKING:
    from ..training.run import Run

QUIETEST = -70.0  # dB; the level of the lowest entry before training
VOID = 1e-10  # power; keeps the logarithm of silence finite
CROP_SECONDS = 0.5


@attrs.frozen(kw_only=True)
class ToyModel:
    """What shapes it."""

    sample_rate: int = knob(16000, help="Rate of its sounds.", min=8000, max=192000, unit="Hz")
    channels: int = knob(1, help="1 is mono, 2 is stereo.", min=1, max=2)
    entries: int = knob(8, help="Values that a code can take.", min=2, max=64)


@attrs.frozen(kw_only=True)
class ToyTraining:
    """How it learns."""

    lr: float = knob(1e-2, help="Peak learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(2, help="Crops per step.", min=1, max=64)


class Toy(nn.Module):
    """A `Tokenizer` of two levels: how loud a frame is, and how bright."""

    levels, hop = 2, 256

    def __init__(self, config: ToyModel) -> None:
        """Spread the levels evenly."""
        super().__init__()
        self.sample_rate, self.channels = config.sample_rate, config.channels
        self.entries = config.entries
        self.loudness = nn.Parameter(torch.linspace(QUIETEST, 0.0, config.entries))  # [V], in dB

    def heard(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Give each frame's power in dB and its share of zero crossings, [B, N] each."""
        padded = F.pad(audio, (0, -audio.shape[-1] % self.hop))
        frames = padded.mean(1).reshape(len(padded), -1, self.hop)  # [B, N, hop]
        crossings = frames.sign().diff(dim=-1).abs().mean(-1) / 2
        return 10 * (frames.square().mean(-1) + VOID).log10(), crossings

    def distances(self, power: Tensor) -> Tensor:
        """Give each frame's distance to each level, [B, N, V]."""
        return (power[..., None] - self.loudness).abs()

    def encode(self, audio: Tensor) -> Tensor:
        """Turn sounds [B, C, T] into codes [B, 2, ceil(T / hop)]."""
        power, crossings = self.heard(audio)
        bright = (crossings * self.entries).long().clamp(max=self.entries - 1)
        return torch.stack([self.distances(power).argmin(-1), bright], 1)  # [B, K, N]

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        """Turn codes [B, 2, N] into tones [B, C, samples]."""
        level = 10 ** (self.loudness[codes[:, 0]] / 20)  # [B, N]
        cycles = (codes[:, 1] + 0.5) / (2 * self.entries)  # per sample
        time = torch.arange(self.hop, device=codes.device)
        tones = level[..., None] * torch.sin(2 * math.pi * cycles[..., None] * time)  # [B, N, hop]
        return tones.flatten(1)[:, None, :samples].repeat(1, self.channels, 1)

    def reconstruct(self, audio: Tensor) -> Tensor:
        """Send sounds [B, C, T] through the codes."""
        return self.decode(self.encode(audio), audio.shape[-1])

    def morph(self, start: Tensor, end: Tensor, amount: float) -> Tensor:
        """Mix the reconstructions of two sounds [B, C, T]."""
        return torch.lerp(self.reconstruct(start), self.reconstruct(end), amount)


class ToyObjective(CropObjective):
    """Draws each level to the frames that are nearest to it."""

    def compare(self, audio: Tensor, progress: float) -> dict[str, Tensor]:
        """Measure how far the frames of audio [B, C, T] are from their levels."""
        assert isinstance(self.model, Toy)
        power, _ = self.model.heard(audio)
        return {"loss": self.model.distances(power).amin(-1).mean()}


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [
        ModelType(
            name=TOY,
            versions=(1,),
            summary="Hears how loud and how bright sounds are.",
            model=ToyModel,
            training=ToyTraining,
            plays=False,
            provides=frozenset({Tokenizer, Reconstructs, Morphs}),
            rank=-1,
        )
    ]


@hookimpl
def distill_build(config: ToyModel) -> nn.Module:
    """Build the untrained network."""
    return Toy(config)


@hookimpl
def distill_train(model: Toy, config: Configs, run: Run) -> dict[str, Any]:
    """Train through core's loop."""
    told = config.training
    run.fit(ToyObjective(model, run, lr=told.lr, batch=told.batch, seconds=CROP_SECONDS))
    return {}
