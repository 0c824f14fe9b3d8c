"""Find out, after training, what a network can be asked for: its sliders and presets."""

from __future__ import annotations

from typing import Any

import torch
from distill_core import Run
from torch import Tensor

from .analysis import Analysis
from .clusters import make_presets
from .components import find_components, keep, turn_towards, weigh_latents
from .effects import FEW_SOUNDS, MOST_SOUNDS, decode_some, measure_gestures, measure_sliders
from .gestures import Gestures, gather
from .naming import Name, judge, name_sliders
from .network import ConvVAE
from .properties import deviations

FEWEST = 3  # gestures, between which there are components


@torch.no_grad()
def analyse(model: ConvVAE, run: Run) -> dict[str, Any]:
    """Find the principal components of the training clips' gestures, and name what they move.

    They are put into the network. Nothing is drawn, so that equal weights are analysed alike.

    Returns:
        The extras: "sliders" (name, share of the variance, ends of the range, in their order),
        "presets" (settings by name) and whether the clips "ends" by themselves.
    """
    model.eval()
    gestures = gather(model, run)
    model.analysis.bound(gestures.loudest, gestures.level)
    told: dict[str, Any] = {"sliders": [], "presets": {}, "ends": gestures.ends}
    if len(gestures.latents) < FEWEST:
        run.warn("Too few sounds to find sliders: the model plays without.", run.outcome.steps)
        return told
    analysis = model.analysis
    measured = measure_gestures(model, gestures.latents)  # [G, P]
    weights = weigh_latents(*decode_some(model, gestures.latents))
    found = find_components(gestures.latents, len(analysis.components), weights)
    found = turn_towards(found, measured, len(analysis.low))
    keep(analysis, found, _typical(gestures))
    if not analysis.sliders:
        return told
    moved = measure_sliders(model, FEW_SOUNDS if run.stopping else MOST_SOUNDS)
    names = name_sliders(judge(moved, deviations(measured)))
    turn(analysis, names)
    signs = torch.tensor([-1.0 if name.turned else 1.0 for name in names])
    sliders = found.places[:, : len(names)].float() * signs
    told["sliders"] = _table(analysis, names)
    told["presets"] = make_presets(analysis, [name.text for name in names], sliders, measured)
    return told


def turn(analysis: Analysis, names: list[Name]) -> None:
    """Turn components round that move down what they are named for."""
    turned = torch.tensor([name.turned for name in names] + [False])  # one: none has no index
    for slider in torch.nonzero(turned)[:, 0].tolist():
        low, high = -analysis.high[slider], -analysis.low[slider]
        analysis.low[slider], analysis.high[slider] = low.clone(), high.clone()
        analysis.components[slider] *= -1
        analysis.places[:, slider] *= -1


def _typical(gestures: Gestures) -> Tensor:
    """Say which gestures are drawn between: where sounds end, those that begin."""
    first = torch.nonzero(gestures.first)[:, 0]
    if gestures.ends and len(first) >= FEWEST:
        return first
    return torch.arange(len(gestures.latents))


def _table(analysis: Analysis, names: list[Name]) -> list[dict[str, Any]]:
    """List the sliders, the component of most variance first."""
    rows = zip(names, analysis.variance, strict=False)
    return [{"name": name.text, "variance": round(float(share), 4)} for name, share in rows]
