"""Presets out of the data: clusters of gestures, each named after what is typical of it.

Letters: G gestures, K sliders, P properties, J clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .analysis import Analysis
from .properties import NAMES, deviations

FEWEST, MOST = 4, 8  # clusters
GESTURES_EACH = 12  # as many to a cluster, about
ROUNDS = 50  # of Lloyd's algorithm, which settles much sooner
TIGHT = 0.75  # of a slider's spread: where a cluster's is less, the slider is typical of it
TYPICAL = 0.4  # deviations that a property is off the mean, to be named
WORDS = {  # below and above the mean
    "brightness": ("dark", "bright"),
    "loudness": ("quiet", "loud"),
    "noisiness": ("tonal", "noisy"),
    "pitch": ("low", "high"),
    "attack": ("sharp", "soft"),
    "duration": ("short", "long"),
}
MOST_WORDS = 3


def make_presets(
    analysis: Analysis, names: Sequence[str], sliders: Tensor, measured: Tensor
) -> dict[str, dict[str, Any]]:
    """Make a preset of each cluster: its typical sliders where they stand there.

    Args:
        analysis: of the network, its sliders named and turned.
        names: of its sliders.
        sliders: where the training clips' gestures lie along them, [G, K].
        measured: their properties, [G, P].
    """
    count = min(MOST, max(FEWEST, len(sliders) // GESTURES_EACH), len(sliders))
    labels = cluster(sliders, count)
    standard = (measured - measured.mean(0)) / deviations(measured)
    positions = _positions(analysis, sliders)
    spread = sliders.std(0, correction=0)
    presets: dict[str, dict[str, Any]] = {}
    sizes = labels.bincount(minlength=count)
    for label in sizes.argsort(descending=True, stable=True).tolist():
        own = labels == label
        if not own.any():
            continue
        tight = sliders[own].std(0, correction=0) < TIGHT * spread
        middle = positions[own].mean(0).clamp(-1, 1)
        told = {
            name: round(float(middle[index]), 2) for index, name in enumerate(names) if tight[index]
        }
        presets[describe(standard[own].mean(0), presets)] = {"slider": told}
    return dict(sorted(presets.items()))


def _positions(analysis: Analysis, sliders: Tensor) -> Tensor:
    """Give the sliders' positions [G, K] of places along them."""
    low, high = (each.cpu()[: sliders.shape[1]] for each in (analysis.low, analysis.high))
    return (sliders - low) / (high - low).clamp_min(1e-12) * 2 - 1


def cluster(points: Tensor, count: int) -> Tensor:
    """Part points [G, K] into `count` clusters by k-means (Lloyd 1982); give their labels [G].

    The first centres lie far from each other, so nothing is drawn: the point nearest to the mean,
    then whichever is farthest from all that were taken.
    """
    chosen = [int((points - points.mean(0)).square().sum(1).argmin())]
    while len(chosen) < count:
        chosen.append(int(torch.cdist(points, points[chosen]).amin(1).argmax()))
    centres = points[chosen]
    labels = torch.full((len(points),), -1)
    for _ in range(ROUNDS):
        nearest = torch.cdist(points, centres).argmin(1)
        if torch.equal(nearest, labels):
            break
        labels = nearest
        for label in sorted(set(labels.tolist())):
            centres[label] = points[labels == label].mean(0)
    return labels


def describe(standard: Tensor, taken: dict[str, Any]) -> str:
    """Name what is typical of a cluster by its mean properties [P], in deviations: bright-short.

    More words than two are used only to tell it from one that has the name.
    """
    order = standard.abs().argsort(descending=True, stable=True).tolist()
    words = [
        WORDS[NAMES[index]][int(standard[index] > 0)]
        for index in order
        if abs(float(standard[index])) >= TYPICAL
    ] or ["usual"]
    for length in range(min(2, len(words)), min(MOST_WORDS, len(words)) + 1):
        name = "-".join(words[:length])
        if name not in taken:
            return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
