"""Find what each slider audibly changes: move it around sounds, and measure what is decoded.

Letters: K sliders, O positions, E sounds that are moved, G gestures, N frames, F bins.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .analysis import Analysis
from .drawing import move
from .network import ConvVAE
from .properties import Scale, measure

POSITIONS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # that a slider is put to
MOST_SOUNDS = 10  # that each slider is moved around
FEW_SOUNDS = 4  # where there is little time
TOGETHER = 64  # gestures that are decoded at once


def measure_gestures(model: ConvVAE, gestures: Tensor) -> Tensor:
    """Measure what is heard of gestures [G, W, D] once they are decoded, [G, 6]."""
    scale = Scale(model.sample_rate, model.config.hop_length)
    device = model.stats.device
    measured = []
    for some in torch.split(gestures, TOGETHER):
        spectrograms = model.decode(some.to(device))[:, 0]  # of two channels the middle
        parts = model.representation.parts(spectrograms, model.sample_rate)
        measured.append(measure(parts.magnitudes.cpu(), scale))
    return torch.cat(measured)


def measure_sliders(model: ConvVAE, sounds: int = MOST_SOUNDS) -> Tensor:
    """Measure sounds with each slider at each position, all else as it was drawn: [K, E, O, 6]."""
    analysis = model.analysis.cpu()
    places = _typical(analysis, sounds)
    count, width = analysis.sliders, len(analysis.low)
    moved = []
    for slider in range(count):
        for place in places:
            for position in POSITIONS:
                wanted = torch.full((width,), math.nan)
                wanted[slider] = position
                moved.append(move(analysis, place, wanted))
    measured = measure_gestures(model, analysis.gestures(torch.stack(moved)))
    model.analysis.to(model.stats.device)
    return measured.view(count, len(places), len(POSITIONS), -1)


def _typical(analysis: Analysis, count: int) -> Tensor:
    """Pick sounds as they may be drawn: half way between training gestures and their nearest."""
    heard = analysis.heard
    most = min(count, len(heard))
    chosen = heard[torch.arange(most) * len(heard) // most]
    distances = torch.cdist(chosen, heard)
    distances[distances <= 0] = torch.inf
    nearest = heard[distances.argmin(1)]
    return (chosen + nearest) / 2
