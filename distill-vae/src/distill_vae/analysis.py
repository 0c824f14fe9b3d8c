"""What sliders move: principal components of the training clips' gestures.

A gesture is what happens within a short time: W latent frames in a row. Letters: K components, W
latent frames of a gesture, D numbers of a latent.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Analysis(nn.Module):
    """The principal components of gestures, with their ranges.

    Attributes:
        mean: the mean gesture, [W, D].
        components: K directions, each of unit norm and orthogonal to the others, [K, W, D].
        low: the 5th percentile of the training gestures along each component, [K].
        high: the 95th, [K]; equal to `low` where there is no such component.
        variance: share of the gestures' variance along each component, [K].
    """

    mean: Tensor
    components: Tensor
    low: Tensor
    high: Tensor
    variance: Tensor

    def __init__(self, components: int, frames: int, latent_size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(frames, latent_size))
        self.register_buffer("components", torch.zeros(components, frames, latent_size))
        for name in ("low", "high", "variance"):
            self.register_buffer(name, torch.zeros(components))
