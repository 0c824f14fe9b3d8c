"""Find the principal components of gestures.

Letters: G gestures, R components, K sliders, W latent frames of a gesture, D numbers of a latent.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor

from .analysis import Analysis

LOWEST, HIGHEST = 0.05, 0.95  # quantiles that a slider's ends stand for
LEAST_SHARE = 1e-4  # of all variance; a component of less moves nothing that could be heard
LEAST_OF_SLIDER = 5e-3  # of all variance; nobody hears what a slider of less does
LEAST_VARIANCE = 1e-10  # of a gesture; gestures that are all alike have no components


@frozen
class Components:
    """Principal components, the strongest first.

    Attributes:
        mean: [W, D].
        directions: orthonormal, [R', W, D]; R' follows from the gestures.
        shares: of the variance, [R'].
        places: of the gestures along them, [G, R'].
    """

    mean: Tensor
    directions: Tensor
    shares: Tensor
    places: Tensor


def find_components(gestures: Tensor, most: int) -> Components:
    """Find up to `most` principal components of gestures [G, W, D], in float64.

    Of a direction and its opposite the one is taken whose strongest number is positive.
    """
    exact = gestures.double()
    mean = exact.mean(0)
    around = (exact - mean).flatten(1)  # [G, W D]
    _, strengths, directions = torch.linalg.svd(around, full_matrices=False)
    power = strengths.square()
    total = power.sum()
    shares = power / total.clamp_min(1e-30)
    count = int((shares >= LEAST_SHARE).sum()) if total / len(exact) > LEAST_VARIANCE else 0
    directions = directions[: min(count, most)]
    strongest = directions.abs().argmax(1, keepdim=True)
    directions = directions * directions.gather(1, strongest).sign()
    return Components(
        mean, directions.unflatten(1, gestures.shape[1:]), shares[: len(directions)],
        around @ directions.T,
    )  # fmt: skip


def keep(analysis: Analysis, found: Components, typical: Tensor) -> None:
    """Put components into a network's analysis.

    Args:
        analysis: of the network.
        found: the sliders' components first.
        typical: which of the gestures are to be drawn between, [G'].
    """
    count = len(found.directions)
    strong = int((found.shares >= LEAST_OF_SLIDER).sum())
    sliders = min(max(1, strong), count, len(analysis.low))
    analysis.mean.copy_(found.mean)
    analysis.components[:count] = found.directions.to(analysis.mean)
    ends = torch.tensor([LOWEST, HIGHEST], dtype=torch.float64)
    low, high = found.places[:, :sliders].quantile(ends, 0)
    analysis.low[:sliders], analysis.high[:sliders] = low.to(analysis.low), high.to(analysis.low)
    analysis.variance[:sliders] = found.shares[:sliders].to(analysis.low)
    kept = len(analysis.places)
    even = torch.arange(min(kept, len(typical))) * len(typical) // min(kept, len(typical))
    analysis.places[: len(even), :count] = found.places[typical[even]].to(analysis.places)
    analysis.count.fill_(len(even))
