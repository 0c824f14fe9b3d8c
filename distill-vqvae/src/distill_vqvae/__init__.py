"""A neural codec as a Distill backend: it learns a small vocabulary of your sounds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
from distill_core import Configs, Facts, ModelType, ShowsVectors, Tokenizer, hookimpl

from .configs import VQVAEModel, VQVAETraining, automatic_codebook_size
from .metrics import VQEpochMetrics

if TYPE_CHECKING:
    from distill_core import Run
    from torch import nn

    from .network import VQVAE
    from .quantizer import ResidualVectorQuantizer

LAZY = {"VQVAE": "network", "ResidualVectorQuantizer": "quantizer"}


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [
        ModelType(
            name="vqvae",
            versions=(2,),
            summary="A neural codec with residual-quantised codes.",
            model=VQVAEModel,
            training=VQVAETraining,
            plays=False,
            provides=frozenset({Tokenizer, ShowsVectors}),
            rank=20,
        )
    ]


@hookimpl
def distill_adapt(configs: Configs, facts: Facts) -> Configs:
    """Let the codebooks' size follow the amount of sound."""
    model: VQVAEModel = configs.model
    model.check()
    if model.codebook_size is not None:
        return configs
    size = automatic_codebook_size(facts.seconds, model.frames_per_second)
    return attrs.evolve(configs, model=attrs.evolve(model, codebook_size=size))


@hookimpl
def distill_build(config: VQVAEModel) -> nn.Module:
    """Build the untrained network."""
    from .network import VQVAE

    config.check()
    return VQVAE(config)


@hookimpl
def distill_train(model: VQVAE, config: Configs, run: Run) -> dict[str, Any]:
    """Train through core's loop; nothing is known only afterwards."""
    from .training import VQVAEObjective, settle

    run.fit(VQVAEObjective(model, config.training, run))
    settle(model, run)
    return {}


def __getattr__(name: str) -> Any:
    """Import the network's classes when they are first used; they need torch."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{LAZY[name]}", __name__), name)


__all__ = [
    "VQVAE",
    "ResidualVectorQuantizer",
    "VQEpochMetrics",
    "VQVAEModel",
    "VQVAETraining",
    "automatic_codebook_size",
]
