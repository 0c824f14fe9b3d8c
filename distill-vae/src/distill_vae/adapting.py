"""What is automatic, filled: sizes from the amount of sound, the rest from the training preset."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from .configs import VAEModel, VAETraining

if TYPE_CHECKING:
    from distill_core import Configs, Facts

# what each training preset says of the settings that are left automatic
PRESETS = MappingProxyType({
    "conservative": {
        "kl_weight": 1e-3, "annealing": 0.2, "free_bits": 0.02, "input_noise": 0.2,
        "weight_decay": 0.05,
    },
    "balanced": {
        "kl_weight": 2e-4, "annealing": 0.3, "free_bits": 0.05, "input_noise": 0.1,
        "weight_decay": 0.01,
    },
    "expressive": {
        "kl_weight": 5e-5, "annealing": 0.5, "free_bits": 0.1, "input_noise": 0.0,
        "weight_decay": 0.0,
    },
})  # fmt: skip
SECONDS_TO_LATENT = ((30.0, 32), (120.0, 48))  # of sound: numbers of a latent below
LARGEST_LATENT = 64
GESTURES = (0.5, 0.7, 1.0, 1.4, 2.0)  # seconds; a few lengths, so that models can be blended


def adapt(configs: Configs, facts: Facts) -> Configs:
    """Fill what is automatic.

    Args:
        configs: as the user gave them.
        facts: what is known of the sounds.
    """
    model: VAEModel = configs.model
    training: VAETraining = configs.training
    model.check()
    sizes = {
        "latent_size": automatic_latent_size(facts.seconds),
        "gesture_seconds": automatic_gesture(facts.median_seconds),
    }
    return attrs.evolve(
        configs,
        model=_filled(model, sizes),
        training=_filled(training, PRESETS[training.preset]),
    )


def automatic_latent_size(seconds: float) -> int:
    """Give the numbers of a latent frame: few sounds leave many of them without use."""
    return next((size for most, size in SECONDS_TO_LATENT if seconds < most), LARGEST_LATENT)


def automatic_gesture(median_seconds: float) -> float:
    """Give a length in which most one-shots end, and loops have a beat or two."""
    return next((length for length in GESTURES if median_seconds <= length), GESTURES[-1])


def _filled(config: Any, values: dict[str, Any]) -> Any:
    """Fill those settings of a config that are None."""
    missing = {name: value for name, value in values.items() if getattr(config, name) is None}
    return attrs.evolve(config, **missing)
