"""Let a model do what it says it can: play, code, reconstruct; and say what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ..audio.sound import Sound
from ..errors import DistillError, StorageError
from ..model import Model
from ..protocols import Reconstructs, Tokenizer

SECONDS = 0.5  # of sound that is asked for
SEED = 7


def sound_of(
    model: Model, model_type: str, playing: Mapping[str, Any], seconds: float = SECONDS
) -> Sound | None:
    """Let a type of a model make a sound; None where it can neither play nor reconstruct."""
    owner = model.registry.owner(model_type)
    if owner.type.plays:
        return model.generate(seconds, SEED, **playing).audio
    if isinstance(model.host.network, Tokenizer | Reconstructs):
        return model.reconstruct(noise(model, round(seconds * model.sample_rate)))
    return None


def fault(model: Model, model_type: str, playing: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the sound that a type makes, or why it makes none; else None.

    Raises:
        StorageError: the disk's fault, and not the type's.
    """
    try:
        sound = sound_of(model, model_type, playing)
    except StorageError:
        raise
    except DistillError as error:
        return error.message
    if sound is not None and not np.isfinite(sound.samples).all():
        return "It makes NaN or infinity."
    return None


def noise(model: Model, samples: int) -> Sound:
    """Make noise at a model's rate and channels, the same at every call."""
    rng = torch.Generator().manual_seed(SEED)
    drawn = torch.rand(model.channels, samples, generator=rng)
    return Sound((drawn - 0.5).numpy(), model.sample_rate)
