"""Find the principal components of gestures.

Letters: P properties, G gestures, R components, K sliders, M mels, L latent frames, W those of a
gesture, D numbers of a latent.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from attrs import frozen
from torch import Tensor

from .analysis import Analysis
from .properties import deviations

LOWEST, HIGHEST = 0.05, 0.95  # quantiles that a slider's ends stand for
WEAKEST = 1e-4  # of the strongest; what is weaker counts as much as that
LEAST_SHARE = 1e-4  # of all variance; a component of less moves nothing that could be heard
LEAST_OF_SLIDER = 5e-3  # of all variance; nobody hears what a slider of less does
LEAST_FOLLOWED = 0.35  # correlation of a direction with a property, to be laid along it
LEAST_VARIANCE = 1e-10  # of a gesture; gestures that are all alike have no components


@frozen
class Components:
    """Principal components, the strongest first.

    Attributes:
        mean: [W, D].
        directions: latents of one step along each, [R', W, D]; R' follows from the gestures.
        shares: of the variance, [R'].
        places: of the gestures along them, [G, R'].
    """

    mean: Tensor
    directions: Tensor
    shares: Tensor
    places: Tensor


def weigh_latents(latents: Tensor, decoded: Tensor) -> Tensor:
    """Say how much of what is heard each latent number moves: a metric's root, [D, D].

    A number that the decoder hardly listens to may vary as much as another in the latents. The
    metric is that of the linear map from latents to decoded magnitudes that fits best.

    Args:
        latents: of many frames, [L, D].
        decoded: log magnitudes of the same, [L, M].
    """
    x, y = (each.double() - each.double().mean(0) for each in (latents, decoded))
    power = x.T @ x
    ridge = WEAKEST * power.diagonal().mean().clamp_min(1e-12) * torch.eye(len(power)).double()
    slopes = torch.linalg.solve(power + ridge, x.T @ y)  # [D, M]
    values, vectors = torch.linalg.eigh(slopes @ slopes.T)
    values = values.clamp_min(WEAKEST * values[-1].clamp_min(1e-12))
    root: Tensor = vectors @ torch.diag(values.sqrt()) @ vectors.T
    return root


def find_components(gestures: Tensor, most: int, weights: Tensor | None = None) -> Components:
    """Find up to `most` principal components of gestures [G, W, D], in float64.

    Of a direction and its opposite the one is taken whose strongest number is positive.

    Args:
        gestures: of the training clips.
        most: components.
        weights: how latents are to be compared (see `weigh_latents`); as they are by default.
    """
    exact = gestures.double()
    mean = exact.mean(0)
    weights = torch.eye(exact.shape[-1]).double() if weights is None else weights
    around = ((exact - mean) @ weights).flatten(1)  # [G, W D]
    _, strengths, directions = torch.linalg.svd(around, full_matrices=False)
    power = strengths.square()
    total = power.sum()
    shares = power / total.clamp_min(1e-30)
    count = int((shares >= LEAST_SHARE).sum()) if total / len(exact) > LEAST_VARIANCE else 0
    directions = directions[: min(count, most)]
    strongest = directions.abs().argmax(1, keepdim=True)
    directions = directions * directions.gather(1, strongest).sign()
    steps = directions.unflatten(1, gestures.shape[1:]) @ torch.linalg.inv(weights)
    return Components(mean, steps, shares[: len(directions)], around @ directions.T)


def turn_towards(found: Components, measured: Tensor, sliders: int) -> Components:
    """Turn the leading components within the space they span, towards what is heard.

    A principal component mostly changes several properties at once, each in some sounds only. So
    one direction after the other is laid along the covariance of places with the property that
    follows it best, at right angles to those before; the rest are the principal components of what
    is left. They still are orthonormal, span what they spanned, and are ordered by variance.

    Args:
        found: principal components of gestures.
        measured: properties of the gestures, [G, P].
        sliders: how many components may be turned.
    """
    count = min(sliders, int((found.shares >= LEAST_OF_SLIDER).sum()))
    places = found.places[:, :count]  # [G, K]
    standard = ((measured - measured.mean(0)) / deviations(measured)).double()
    left, axes = places, places.new_zeros(0, count)
    free = list(range(measured.shape[1]))
    while free and len(axes) < count:
        towards = F.normalize(standard.T @ left, dim=1)  # [P, K]
        along = left @ towards.T  # [G, P]
        follows = (along * standard).mean(0) / along.std(0).clamp_min(1e-9)
        best = max(free, key=lambda index: float(follows[index]))
        if float(follows[best]) < LEAST_FOLLOWED:
            break
        free.remove(best)
        axes = torch.cat([axes, towards[best : best + 1]])
        left = places - places @ axes.T @ axes
    _, _, others = torch.linalg.svd(left, full_matrices=True)
    turned = _orthonormal(torch.cat([axes, others[: count - len(axes)]]))
    seen = places @ turned.T
    power = seen.square().sum(0)
    order = power.argsort(descending=True)
    whole = found.places.square().sum() / found.shares.sum().clamp_min(1e-9)
    directions = torch.tensordot(turned[order], found.directions[:count], 1)
    return Components(
        found.mean,
        torch.cat([directions, found.directions[count:]]),
        torch.cat([power[order] / whole, found.shares[count:]]),
        torch.cat([seen[:, order], found.places[:, count:]], 1),
    )


def _orthonormal(rows: Tensor) -> Tensor:
    """Mend what rounding did to right angles."""
    mended: Tensor = torch.linalg.qr(rows.T).Q.T
    return mended * (mended * rows).sum(1, keepdim=True).sign()


def keep(analysis: Analysis, found: Components, typical: Tensor) -> None:
    """Put components into a network's analysis.

    Args:
        analysis: of the network.
        found: the sliders' components first; of those the ones that move something.
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
