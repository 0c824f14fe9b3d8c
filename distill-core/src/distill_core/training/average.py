"""A moving average of a network's weights, which plays better than the last step's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

HEADSTART = 10  # steps: the average starts short, min(decay, (1 + t) / (HEADSTART + t))


class Average:
    """An exponential moving average of parameters (Polyak and Juditsky 1992, in its EMA form)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the model's weights."""
        self.decay = decay
        self.shadow = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards the model's weights after a step."""
        decay = min(self.decay, (1 + step) / (HEADSTART + step))
        names = list(self.shadow)
        live = dict(model.named_parameters())
        torch._foreach_lerp_(
            [self.shadow[name] for name in names], [live[name] for name in names], 1 - decay
        )

    @torch.no_grad()
    def restore(self, weights: dict[str, Tensor]) -> None:
        """Take back the averaged weights of a checkpoint."""
        for name, value in self.shadow.items():
            value.copy_(weights[name])

    @contextmanager
    def applied(self, model: nn.Module) -> Iterator[None]:
        """Let the model have the averaged weights within a block."""
        kept = {name: p.detach().clone() for name, p in model.named_parameters()}
        copy_into(model, self.shadow)
        try:
            yield
        finally:
            copy_into(model, kept)


@torch.no_grad()
def copy_into(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Overwrite a model's parameters, in place, so that an optimiser keeps holding them."""
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """Copy a model's whole state."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
