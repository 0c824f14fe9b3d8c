"""A variational autoencoder as a Distill backend: your sounds on sliders."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from distill_core import (
    Blends,
    Configs,
    Facts,
    Header,
    ModelFileError,
    ModelType,
    Morphs,
    Reconstructs,
    hookimpl,
)

from .adapting import adapt
from .configs import VAEGenerating, VAEModel, VAETraining
from .metrics import VAEEpochMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distill_core import Chunk, Part, Request, Run
    from torch import nn

    from .network import ConvVAE
    from .spectrogram import ComplexSpectrogram, ComplexSpectrogramConfig

LAZY = {
    "ComplexSpectrogram": "spectrogram",
    "ComplexSpectrogramConfig": "spectrogram",
    "ConvVAE": "network",
}
NAME = "vae"


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [
        ModelType(
            name=NAME,
            versions=(1,),
            summary="A convolutional VAE that is played by sliders, presets, walks and blends.",
            model=VAEModel,
            training=VAETraining,
            generating=VAEGenerating,
            widens=True,
            provides=frozenset({Reconstructs, Morphs, Blends}),
            rank=10,
        )
    ]


@hookimpl
def distill_adapt(configs: Configs, facts: Facts) -> Configs:
    """Let sizes follow the amount of sound, and the rest the training preset."""
    return adapt(configs, facts)


@hookimpl
def distill_build(config: VAEModel) -> nn.Module:
    """Build the untrained network."""
    from .network import ConvVAE

    config.check()
    return ConvVAE(config)


@hookimpl
def distill_load(file: Part, device: str, host: nn.Module | None) -> nn.Module:
    """Tell the network what its sliders are called; settings are fitted to it by that."""
    from .sliders import read_extras

    network = cast("ConvVAE", file.filled(host))
    fault = network.analysis.fault()
    if fault is not None:
        raise ModelFileError(f"{file.path}: its analysis is damaged: {fault}.", "Train it again.")
    network.told = read_extras(file.extras, network.analysis.sliders)
    return network.to(device).eval()


@hookimpl
def distill_train(model: ConvVAE, config: Configs, run: Run) -> dict[str, Any]:
    """Start at principal components, train through core's loop, find what the sliders move."""
    from .analysing import analyse
    from .starting import start
    from .training import VAEObjective

    start(model, config.training, run)
    run.fit(VAEObjective(model, config.training, run))
    return analyse(model, run)


@hookimpl
def distill_generate(model: ConvVAE, config: VAEGenerating, request: Request) -> Iterator[Chunk]:
    """Draw sounds, and let the decoder make them."""
    from .generation import generate

    return generate(model, config, request)


@hookimpl
def distill_detect(header: Header) -> str | None:
    """Claim Distill's first model files, which did not name their type."""
    if header.model_type is None and header.version in {None, 1}:
        return NAME
    return None


def __getattr__(name: str) -> Any:
    """Import the network's classes when they are first used; they need torch."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{LAZY[name]}", __name__), name)


__all__ = [
    "ComplexSpectrogram",
    "ComplexSpectrogramConfig",
    "ConvVAE",
    "VAEEpochMetrics",
    "VAEGenerating",
    "VAEModel",
    "VAETraining",
    "adapt",
]
