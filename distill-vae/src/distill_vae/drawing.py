"""Draw places in gesture space: between gestures that were heard, so that what lies there sounds.

Letters: K sliders, R components, G gestures that are kept.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from .analysis import Analysis

NEIGHBOURS = 6  # among which a gesture's partner is drawn


def draw_place(analysis: Analysis, rng: Generator, variety: float = 1.0) -> Tensor:
    """Draw a place [R] between a training gesture and one of those that are nearest to it.

    Args:
        analysis: whose components and gestures.
        rng: of the take.
        variety: how far from the mean, in shares of what was seen; 0 is the mean itself.
    """
    places = analysis.places
    index = torch.randint(len(places), (), generator=rng)
    kind = torch.randint(NEIGHBOURS, (), generator=rng)
    share = torch.rand((), generator=rng)
    here = places[index]
    near = (places - here).square().sum(1)
    others = torch.where(near > 0, near, torch.inf)  # a gesture may be kept more than once
    nearest = others.topk(min(NEIGHBOURS, len(others)), largest=False)
    there = places[nearest.indices[kind]] if nearest.values[kind].isfinite() else here
    place = torch.lerp(here, there, share.to(here.device))
    middle = analysis.moved(torch.zeros_like(place), torch.zeros(len(analysis.low)))
    return middle + variety * (place - middle)
