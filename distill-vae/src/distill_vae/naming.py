"""Name sliders after what they change most surely; what changes nothing surely has a plain name.

Letters: K sliders, O positions, E sounds that are moved, P properties.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor

from .properties import NAMES

PLAIN = "character"
LEAST_EFFECT = 0.5  # deviations of the training sounds, from one end to the other, on average
MAIN = 0.4  # of its largest even effect: what a slider does beside much else is not what it is for
LEAST_AGAIN = 0.6  # sureness of the second slider of a name
LEAST_STEP = 0.04  # of the whole effect, from each position to the next, on average
STEADY = 0.2  # of a step's deviation, by which it has to be larger: so will a few other sounds' be
LEAST_SURE = 0.8  # of the sounds have to go the way of all
LIKED = {"noisiness": 0.8}  # what is noisy is mostly bright, and people look for brightness first
DOUBT = 1.0  # deviations; an effect that is even but small is not sure for being even


@frozen
class Effects:
    """What sliders do to properties.

    Attributes:
        total: from one end to the other on average, in deviations of the training sounds, [K, P].
        sureness: 0 where a slider does not move a property monotonically, on average, [K, P].
    """

    total: Tensor
    sureness: Tensor


@frozen
class Name:
    """What a slider is called.

    Attributes:
        text: brightness, brightness-2, character ...
        turned: whether the slider moves it down as it is, and has to be turned.
    """

    text: str
    turned: bool


def judge(measured: Tensor, deviations: Tensor) -> Effects:
    """Say what sliders do.

    Args:
        measured: properties of sounds with each slider at each position, [K, E, O, P].
        deviations: of the properties over the training sounds, [P].
    """
    standard = measured / deviations
    steps = standard.diff(dim=2)  # [K, E, O - 1, P]
    total = steps.sum(2).mean(1)  # [K, P]
    way = total.sign()[:, None]
    least = (steps.mean(1) - STEADY * steps.std(1, correction=0) * way) * way
    each = steps.sum(2) * way  # [K, E, P]
    agreeing = (each > 0).float().mean(1)
    sure = total.abs() / (each.std(1, correction=0) + DOUBT)
    even = (least >= LEAST_STEP * total.abs()[:, None]).all(1) & (agreeing >= LEAST_SURE)
    size = torch.where(even, total.abs(), 0.0)  # what jumps to and fro is no effect to compare with
    least_effect = (MAIN * size.amax(1, keepdim=True)).clamp_min(LEAST_EFFECT)
    return Effects(total, torch.where(size >= least_effect, sure, 0.0))


def name_sliders(effects: Effects) -> list[Name]:
    """Name each slider; of a name, the first belongs to what moves the property most surely."""
    sureness = effects.sureness
    chosen: dict[int, int] = {}  # slider: property
    taken: list[int] = []
    liked = sureness * torch.tensor([LIKED.get(name, 1.0) for name in NAMES])
    order = liked.flatten().argsort(descending=True, stable=True).tolist()
    pairs = [divmod(each, len(NAMES)) for each in order]
    for again in (False, True):  # first one slider a property, then those that are left
        for slider, about in pairs:
            free = slider not in chosen and (again or about not in taken)
            least = LEAST_AGAIN if about in taken else 0.0
            if free and sureness[slider, about] > least:
                chosen[slider] = about
                taken.append(about)
    used: dict[str, int] = {}
    names: dict[int, Name] = {}
    for slider, about in sorted(chosen.items(), key=lambda pair: -float(sureness[pair])):
        text = _numbered(NAMES[about], used)
        names[slider] = Name(text, bool(effects.total[slider, about] < 0))
    return [
        names.get(slider) or Name(_numbered(PLAIN, used), turned=False)
        for slider in range(len(sureness))
    ]


def _numbered(text: str, used: dict[str, int]) -> str:
    """Tell names apart: the second of a name gets -2."""
    used[text] = used.get(text, 0) + 1
    return text if used[text] == 1 else f"{text}-{used[text]}"
