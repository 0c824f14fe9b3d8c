"""Smooth paths: through drawn points, without a corner.

Letters: L frames, R numbers of a point.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

PIECE_FRAMES = 128  # of a path that are made at once


def smooth_path(points: Iterator[Tensor], step: float) -> Iterator[Tensor]:
    """Walk through points [R] by Catmull and Rom's splines: place and speed never jump.

    Args:
        points: without end.
        step: share of the way from one point to the next that a frame takes.

    Yields:
        Pieces [L, R] of the path, without end; the first begins at the second point.
    """
    held = [next(points) for _ in range(4)]
    segment, frame = 0, 0
    while True:
        rows = []
        for each in ((frame + offset) * step for offset in range(PIECE_FRAMES)):
            while each >= segment + 1:
                segment += 1
                held = [*held[1:], next(points)]
            rows.append(_between(held, each - segment))
        frame += PIECE_FRAMES
        yield torch.stack(rows)


def _between(points: list[Tensor], share: float) -> Tensor:
    """Give the point at a share of the way from the second of four points to the third."""
    before, start, end, after = points
    leaving, arriving = (end - before) / 2, (after - start) / 2
    square, cube = share**2, share**3
    return (
        (2 * cube - 3 * square + 1) * start
        + (cube - 2 * square + share) * leaving
        + (3 * square - 2 * cube) * end
        + (cube - square) * arriving
    )
