"""The global random generators: what state they are in, and which have been touched."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

CORE = "distill_core.seeding"  # which alone may seed


@frozen(eq=False)
class Generators:
    """The states of torch's, numpy's and Python's own global generator."""

    torch: Tensor
    numpy: Any
    python: Any

    @classmethod
    def now(cls) -> Generators:
        """Copy the states."""
        legacy: Any = np.random.get_state(legacy=True)
        return cls(torch.get_rng_state(), (legacy[1].tobytes(), legacy[2]), random.getstate())

    def changed(self) -> list[str]:
        """Name those that are in another state by now."""
        now = Generators.now()
        return [
            name
            for name, same in {
                "torch": torch.equal(self.torch, now.torch),
                "numpy.random": self.numpy == now.numpy,
                "random": self.python == now.python,
            }.items()
            if not same
        ]


@contextmanager
def seeding() -> Iterator[set[str]]:
    """Collect who seeds a global generator within a block, but for core; by the seeder's name."""
    found: set[str] = set()

    def watched(name: str, seed: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **told: Any) -> Any:
            caller = str(sys._getframe(1).f_globals.get("__name__", ""))
            if caller != CORE:
                found.add(name)
            return seed(*args, **told)

        return called

    with (
        patch("torch.manual_seed", watched("torch.manual_seed", torch.manual_seed)),
        patch("numpy.random.seed", watched("numpy.random.seed", np.random.seed)),
        patch("random.seed", watched("random.seed", random.seed)),
    ):
        yield found
