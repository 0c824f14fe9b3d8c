"""Walk through gesture space: latents without a jump, and so sound without a pause.

Letters: L latent frames, D numbers of a latent, R numbers of a place, Q sides, P voices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from .ensemble import Ensemble, Places
from .joining import sounding
from .paths import smooth_path

DEPTH = 12.0  # dB below a gesture's loudest moment, which is not read
SLOW_SECONDS = 0.8  # that a reading from one end to the other takes at least; faster ones flutter


def walk(ensemble: Ensemble, rng: Generator, speed: float) -> Iterator[Tensor]:
    """Give the spectrogram [C, 2, M, N_i] of a walk that never ends.

    Two things move at once, neither of which ever jumps: the place, along a smooth path through
    drawn ones, and the moment of the gesture that is read there, to and fro within what sounds.

    Args:
        ensemble: that is played.
        rng: of the take.
        speed: drawn places that are passed in a second.
    """
    step = speed / ensemble.leader.config.frames_per_second
    return ensemble.decode_row(_read(ensemble, smooth_path(_points(ensemble, rng), step)))


def _points(ensemble: Ensemble, rng: Generator) -> Iterator[Tensor]:
    """Draw points: a place for each side and voice, and where its gesture begins and ends."""
    stride = ensemble.leader.config.stride
    while True:
        places = ensemble.draw(rng)
        part = torch.tensor(sounding(ensemble.gesture(places), DEPTH)) / stride
        yield torch.cat([*(place for side in places for place in side), part])


def _read(ensemble: Ensemble, path: Iterator[Tensor]) -> Iterator[Tensor]:
    """Give the latents [Q, P, L, D] of a path: its places' gestures, read to and fro."""
    slowest = SLOW_SECONDS * ensemble.leader.config.frames_per_second  # latent frames
    turned = 0.0  # radians of the reading, a whole turn to and fro
    for points in path:
        start, end = points[:, -2], points[:, -1]
        reach = (end - start).clamp_min(0)
        turning = turned + (math.pi / reach.double().clamp_min(slowest)).cumsum(0)
        times = start + reach * (1 - torch.cos(turning)) / 2
        yield ensemble.moments(_places(ensemble, points), times.to(points))
        turned = float(turning[-1]) % math.tau


def _places(ensemble: Ensemble, points: Tensor) -> Places:
    """Take points apart again: the places [L, R] of each side and voice."""
    sizes = [voice.ground.size for voice in ensemble.voices]
    sides = 1 if ensemble.width is None else 2
    parts = iter(torch.split(points[:, :-2], sizes * sides, 1))
    return [[next(parts) for _ in sizes] for _ in range(sides)]
