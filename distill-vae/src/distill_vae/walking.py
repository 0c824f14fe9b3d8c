"""Walk through gesture space: latents without a jump, and so sound without a pause.

Letters: L latent frames, D numbers of a latent, R numbers of a place, Q sides, P voices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from .ensemble import Ensemble, Places
from .joining import level, levels, sounding
from .paths import smooth_path

DEPTH = 12.0  # dB below a gesture's loudest moment, which is not read
LOOKS_PER_SECOND, MOST_LOOKS = 1, 4  # at what sounds on the way; from one drawn place to the next
EVENNESS = 0.7  # of a difference in level, in dB, that a walk makes up for
MOST_GAIN = 30.0  # dB
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
    finer = max(1, min(MOST_LOOKS, round(LOOKS_PER_SECOND / speed)))
    coarse = smooth_path(_points(ensemble, rng), 1 / finer)
    looked = _look(ensemble, (point for piece in coarse for point in piece))
    return ensemble.decode_row(_read(ensemble, smooth_path(looked, step * finer)), gains=True)


def _points(ensemble: Ensemble, rng: Generator) -> Iterator[Tensor]:
    """Draw points: a place for each side and voice."""
    while True:
        yield torch.cat([place for side in ensemble.draw(rng) for place in side])


def _look(ensemble: Ensemble, points: Iterator[Tensor]) -> Iterator[Tensor]:
    """Add to points the part of the gesture that is read there, and a gain.

    The gain brings sounds that are louder or quieter than those before them nearer to these.
    """
    stride, usual = ensemble.leader.config.stride, 0.0
    for count, point in enumerate(points, 1):
        gesture = ensemble.gesture(_places(ensemble, point))
        start, end = _steady(gesture, stride)
        own = level(gesture[..., start * stride : (end + 1) * stride])
        usual += (own - usual) / count
        gain = EVENNESS * max(-MOST_GAIN, min(MOST_GAIN, usual - own)) / 20
        yield torch.cat([point, point.new_tensor([float(start), float(end), gain])])


def _steady(spectrogram: Tensor, stride: int) -> tuple[int, int]:
    """Say from which latent to which a gesture sounds on, once it has come to its loudest.

    The latent of an attack holds a beginning; read on and on it would sound like a motor.
    """
    loudest = int(levels(spectrogram).argmax())
    _, end = sounding(spectrogram, DEPTH)
    last = spectrogram.shape[-1] // stride - 1
    start = min(loudest // stride + 1, last)
    return start, max(start, min(end // stride, last))


def _read(ensemble: Ensemble, path: Iterator[Tensor]) -> Iterator[Tensor]:
    """Give the latents [Q, P, L, D + 1] of a path: its gestures, read to and fro, and gains."""
    slowest = SLOW_SECONDS * ensemble.leader.config.frames_per_second  # latent frames
    turned = 0.0  # radians of the reading, a whole turn to and fro
    for points in path:
        start, end, gain = points[:, -3:].unbind(1)
        reach = (end - start).clamp_min(0)
        turning = turned + (math.pi / reach.double().clamp_min(slowest)).cumsum(0)
        times = start + reach * (1 - torch.cos(turning)) / 2
        latents = ensemble.moments(_places(ensemble, points), times.to(points))  # [Q, P, L, D]
        gains = gain[:, None].expand(*latents.shape[:3], 1)
        yield torch.cat([latents, gains], -1)
        turned = float(turning[-1]) % math.tau


def _places(ensemble: Ensemble, points: Tensor) -> Places:
    """Take points apart again: the places [..., R] of each side and voice."""
    sizes = [voice.ground.size for voice in ensemble.voices]
    sides = 1 if ensemble.width is None else 2
    whole = sum(sizes) * sides
    parts = iter(torch.split(points[..., :whole], sizes * sides, -1))
    return [[next(parts) for _ in sizes] for _ in range(sides)]
