"""The global random generators: what state they are in, and which have been touched."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

CORE = "distill_core.seeding"  # which alone may seed
DEFAULT = torch.default_generator


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
            if _caller() != CORE:
                found.add(name)
            return seed(*args, **told)

        return called

    class Watched:
        """Stands for torch's global generator where torch's own functions look for it."""

        manual_seed = staticmethod(watched("torch.manual_seed", DEFAULT.manual_seed))
        seed = staticmethod(watched("torch.seed", DEFAULT.seed))

        def __getattr__(self, name: str) -> Any:
            return getattr(DEFAULT, name)

    with (
        patch("torch.random.default_generator", Watched()),  # under whatever name it is seeded
        patch("numpy.random.seed", watched("numpy.random.seed", np.random.seed)),
        patch("random.seed", watched("random.seed", random.seed)),
    ):
        yield found


def _caller() -> str:
    """Name the module that asks, beyond torch's own functions."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("torch."):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))
