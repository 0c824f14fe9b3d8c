"""Find what each slider audibly changes: move it around sounds, and measure what is decoded.

Letters: C channels, M mels, K sliders, O positions, E sounds that are moved, G gestures, N frames,
F bins.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .analysis import Analysis
from .drawing import move
from .network import ConvVAE
from .properties import Scale, measure

POSITIONS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # that a slider is put to
MOST_SOUNDS = 12  # that each slider is moved around
FEW_SOUNDS = 4  # where there is little time
MOST_DECODED = 128  # gestures, to see how the decoder listens to each number
TOGETHER = 64  # gestures that are decoded at once


def measure_gestures(model: ConvVAE, gestures: Tensor) -> Tensor:
    """Measure what is heard of gestures [G, W, D] once they are decoded, [G, 6]."""
    scale = Scale(model.sample_rate, model.config.hop_length)
    measured = []
    for some in torch.split(gestures, TOGETHER):
        made = model.decode(some.to(model.stats.device))  # [G', C, 2, M, N]
        made = model.analysis.bounded(made, together=(-1,))
        parts = model.representation.parts(made[:, 0], model.sample_rate)  # of two the middle
        measured.append(measure(parts.magnitudes.cpu(), scale))
    return torch.cat(measured)


def decode_some(model: ConvVAE, gestures: Tensor) -> tuple[Tensor, Tensor]:
    """Decode an even share of gestures [G, W, D]; give latents [L, D] and log magnitudes [L, C M].

    The frames that a latent stands for are taken together.
    """
    most = min(len(gestures), MOST_DECODED)
    some = gestures[torch.arange(most) * len(gestures) // most]
    decoded = []
    for each in torch.split(some, TOGETHER):
        made = model.decode(each.to(model.stats.device))[:, :, 0]  # [G', C, M, N]
        slow = F.avg_pool1d(made.flatten(1, 2), model.config.stride)  # [G', C M, W]
        decoded.append(slow.transpose(1, 2).flatten(0, 1).cpu())
    return some.flatten(0, 1), torch.cat(decoded)


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
