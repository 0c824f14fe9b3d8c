"""A wrapper that remembers what was trained last, so that tests can hold the file against it."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import torch
from attrs import define
from torch import Tensor, nn

from ..hookspecs import hookimpl
from ..training.average import snapshot
from ..training.run import Run


@define
class Seen:
    """What `distill_train` was given and left.

    Attributes:
        network: that was trained, as the hook left it.
        untrained: its state before.
        generator: the state in which it left torch's global generator.
        host: names of the host's tensors, and of those that training changed.
        looks: how often the hook looked whether to stop.
    """

    network: nn.Module
    untrained: dict[str, Tensor]
    generator: Tensor
    looks: int
    host: tuple[frozenset[str], frozenset[str]]


class Watched(threading.Event):
    """Stands for a run's `cancel`, and counts who looks."""

    def __init__(self, cancel: threading.Event) -> None:
        """Stand for that one."""
        super().__init__()
        self.cancel, self.looks = cancel, 0

    def is_set(self) -> bool:
        """Say whether to stop."""
        self.looks += 1
        return self.cancel.is_set()


last: dict[str, Seen] = {}  # by model type


@hookimpl(wrapper=True)
def distill_train(model_type: str, model: nn.Module, run: Run) -> Generator[None, Any, Any]:
    """Look on."""
    untrained, cancel = snapshot(model), run.cancel
    host = snapshot(run.host) if run.host is not None else {}
    watched = run.cancel = Watched(cancel)
    try:
        extras = yield
    finally:
        run.cancel = cancel
    generator = torch.get_rng_state()
    now = run.host.state_dict() if run.host is not None else {}
    changed = frozenset(name for name in host if not torch.equal(host[name], now[name]))
    last[model_type] = Seen(model, untrained, generator, watched.looks, (frozenset(host), changed))
    return extras
