"""A companion that makes its host a submodule, and so keeps its weights twice."""

from __future__ import annotations

from typing import Any

import attrs
from distill_core import ModelType, Tokenizer, hookimpl, knob

from . import right


@attrs.frozen(kw_only=True)
class Owning:
    """What shapes it."""

    width: int = knob(4, help="Numbers that it knows.", min=1, max=64)


@hookimpl
def distill_model_types() -> list[ModelType]:
    """Say what this backend brings."""
    needs = frozenset({Tokenizer})
    return right.types("owning", model=Owning, provides=frozenset(), needs=needs)


@hookimpl
def distill_build(config: Any, host: Any) -> Any:
    """Build a level, and hold the host in it."""
    import torch

    network = torch.nn.Module()
    network.level = torch.nn.Parameter(torch.randn(config.width))
    network.host = host
    return network


@hookimpl
def distill_train(model: Any, config: Any, run: Any) -> dict[str, Any]:
    """Train the level alone."""
    from .learning import LevelObjective

    class Towards(LevelObjective):
        """Brings the numbers nearer to one."""

        def loss(self, batch: Any, progress: float) -> dict[str, Any]:
            """Say how far they are."""
            return {"loss": (model.level - 1).square().mean()}

    run.fit(Towards(model, config.training, run))
    return {}


@hookimpl
def distill_generate(model: Any, request: Any) -> Any:
    """Decode drawn codes."""
    import torch

    host, samples = request.host, request.samples or 4000
    shape = (host.levels, -(-samples // host.hop))
    drawn = [torch.randint(host.entries, shape, generator=rng) for rng in request.rngs]
    yield host.decode(torch.stack(drawn), samples)
