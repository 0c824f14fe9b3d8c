"""A companion for any codec: it learns which code follows which, and so invents sounds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import attrs
from distill_core import Configs, Facts, ModelType, Tokenizer, hookimpl

from .configs import PriorGenerating, PriorModel, PriorTraining, plan_training, size_model
from .metrics import PriorEpochMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distill_core import Chunk, Request, Run
    from torch import nn

    from .network import CodePrior

LAZY = {
    "CodePrior": "network",
    "check_memorization": "memorization",
    "extract_code_sequences": "sequences",
    "flatten_codes": "sequences",
    "generate_audio_from_prior": "shortcuts",
    "save_prior_to_model": "shortcuts",
    "train_prior": "shortcuts",
    "unflatten_codes": "sequences",
}


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    return [
        ModelType(
            name="prior",
            versions=(1,),
            summary="Samples the codes of any codec.",
            model=PriorModel,
            training=PriorTraining,
            generating=PriorGenerating,
            needs=frozenset({Tokenizer}),
        )
    ]


@hookimpl
def distill_adapt(configs: Configs, facts: Facts) -> Configs:
    """Let size and regularisation follow the amount of codes."""
    host = facts.host
    assert isinstance(host, Tokenizer)  # core offers only hosts that fit
    rate = host.sample_rate / host.hop
    return attrs.evolve(
        configs,
        model=size_model(configs.model, int(facts.seconds * rate), rate),
        training=plan_training(configs.training, facts.seconds),
    )


@hookimpl
def distill_build(config: PriorModel, host: nn.Module) -> nn.Module:
    """Build the untrained network for its host's codes."""
    from .build import build_prior

    return build_prior(config, host)


@hookimpl
def distill_train(model: CodePrior, config: Configs, run: Run) -> dict[str, Any]:
    """Train through core's loop; what generating needs beyond the weights is how sounds end."""
    from .sequences import Waveforms
    from .training import PriorObjective, tell_lengths

    data, codec = run.dataset, cast("Tokenizer", run.host)
    clips, held_out = (  # encoding hours of them takes minutes, before the first step
        Waveforms(data, some, run.leave_if_stopping) for some in (data.train, data.held_out)
    )
    run.fit(PriorObjective(model, config.training, codec, clips, held_out, seed=run.seed))
    return tell_lengths(data)


@hookimpl
def distill_generate(
    model: CodePrior, config: PriorGenerating, request: Request
) -> Iterator[Chunk]:
    """Draw codes, and let the host turn them into sound."""
    from .generation import generate

    return generate(model, config, request)


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{LAZY[name]}", __name__), name)


__all__ = [
    "CodePrior",
    "PriorEpochMetrics",
    "PriorGenerating",
    "PriorModel",
    "PriorTraining",
    "check_memorization",
    "extract_code_sequences",
    "flatten_codes",
    "generate_audio_from_prior",
    "save_prior_to_model",
    "train_prior",
    "unflatten_codes",
]
