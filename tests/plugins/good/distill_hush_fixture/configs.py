"""The settings of hush: one knob of every kind there is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs
from distill_core import knob


@attrs.frozen(kw_only=True)
class HushModel:
    """What shapes the network."""

    sample_rate: int = knob(16000, help="Sample rate.", min=8000, max=192000, unit="Hz")
    channels: int = knob(1, help="1 is mono, 2 is stereo.", min=1, max=2)
    width: int | None = knob(None, help="Numbers that it remembers.", min=1, max=64)
    color: Literal["pink", "white"] = knob("white", help="The colour of its noise.")


@attrs.frozen(kw_only=True)
class HushTraining:
    """How it learns."""

    lr: float = knob(0.01, help="Learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(2, help="Crops per step.", min=1, max=64)
    patient: bool = knob(False, help="Whether it takes half of each step.")
    nickname: str = knob("shh", help="What it calls itself while it learns.")
    notes: Path | None = knob(None, help="A file that it ignores.")


@attrs.frozen(kw_only=True)
class HushGenerating:
    """How it plays."""

    loudness: float = knob(0.5, help="How loud.", min=0, max=1, short="l")
    tilt: dict[str, float] = knob({}, help="Weights.", min=-1, max=1)
    score: Path | None = knob(None, help="A file that it ignores.")
