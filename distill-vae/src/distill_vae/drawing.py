"""Draw places in gesture space: between gestures that were heard, so that what lies there sounds.

Letters: K sliders, R components, G gestures that are kept.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Generator, Tensor

from .analysis import Analysis

NEIGHBOURS = 6  # among which a gesture's partner is drawn
DOUBT = 8.0  # times the error of what goes with a slider, which is not believed
SPREAD = 1.1  # what lies between two sounds lies nearer to the middle, and is quieter, than they
NEARNESS = 0.5  # of a slider's range from middle to end: how near gestures tell of a position


def draw_place(analysis: Analysis, rng: Generator, variety: float = 1.0) -> Tensor:
    """Draw a place [R] between a training gesture and one of those that are nearest to it.

    Args:
        analysis: whose components and gestures.
        rng: of the take.
        variety: how far from the mean, in shares of what was seen; 0 is the mean itself.
    """
    places = analysis.heard
    index = torch.randint(len(places), (), generator=rng)
    kind = int(torch.randint(NEIGHBOURS, (), generator=rng))
    share = torch.rand((), generator=rng)
    here = places[index]
    near = (places - here).square().sum(1)
    others = torch.where(near > 0, near, torch.inf)  # a gesture may be kept more than once
    nearest = others.topk(min(NEIGHBOURS, len(others)), largest=False)
    kind %= len(nearest.indices)
    there = places[nearest.indices[kind]] if nearest.values[kind].isfinite() else here
    place = torch.lerp(here, there, share.to(here.device))
    middle = analysis.moved(torch.zeros_like(place), torch.zeros(len(analysis.low)))
    return middle + SPREAD * variety * (place - middle)


def move(analysis: Analysis, place: Tensor, positions: Tensor) -> Tensor:
    """Put sliders of a place [R] to positions [K]; NaN leaves one where it is.

    Sounds lie on a curved sheet in gesture space, so that a straight move along one component
    leaves it: what is set ends where it is told to, and all else goes with it as far as it does
    so in the training gestures (the difference of two regressions by Nadaraya and Watson, 1964).
    """
    given = ~positions.isnan()
    if not given.any():
        return place
    heard = analysis.heard  # [G, R]
    known = analysis.positions(heard)[:, given]  # [G, given]
    here = _usual(heard, known, analysis.positions(place)[given])
    there = _usual(heard, known, positions[given])
    doubt = DOUBT * (here.error.square() + there.error.square())
    drift = there.mean - here.mean
    sure = (1 - doubt / drift.square().clamp_min(1e-20)).clamp_min(0)  # James and Stein, 1961
    return analysis.moved(place + sure * drift, positions)


@frozen
class Usual:
    """Where places near a position lie."""

    mean: Tensor  # [R]
    error: Tensor  # [R], the standard error of it


def _usual(places: Tensor, known: Tensor, where: Tensor) -> Usual:
    """Give the mean [R] of the places whose sliders `known` [G, k] stand near `where` [k]."""
    distance = ((known - where) / NEARNESS).square().sum(1) / 2
    weights = torch.softmax(-distance, 0)
    mean = weights @ places
    spread = weights @ (places - mean).square() + places.var(0) / len(places)
    return Usual(mean, (spread * weights.square().sum()).sqrt())
