"""The global random generators: what state they are in, and which have been touched."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from attrs import frozen
from torch import Tensor


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
