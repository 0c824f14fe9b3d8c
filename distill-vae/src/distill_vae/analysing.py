"""Find out, after training, what a network can be asked for: its sliders and presets."""

from __future__ import annotations

from typing import Any

import torch
from distill_core import Run

from .components import find_components, keep
from .gestures import gather
from .network import ConvVAE


@torch.no_grad()
def analyse(model: ConvVAE, run: Run) -> dict[str, Any]:
    """Put the principal components of the training clips' gestures into the network.

    Returns:
        The extras: "sliders", "presets", and whether the clips "end".
    """
    model.eval()
    gestures = gather(model, run)
    analysis = model.analysis
    if len(gestures.latents) > 1:
        found = find_components(gestures.latents, len(analysis.components))
        typical = torch.nonzero(gestures.first)[:, 0] if gestures.ends else None
        if typical is None or not len(typical):
            typical = torch.arange(len(gestures.latents))
        keep(analysis, found, typical)
    sliders = [
        {"name": f"character-{index + 1}", "variance": round(float(share), 4)}
        for index, share in enumerate(analysis.variance[: analysis.sliders])
    ]
    return {"sliders": sliders, "presets": {}, "ends": gestures.ends}
