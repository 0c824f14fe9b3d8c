"""Work on a row of any length in pieces, each seen with what is around it.

Letters: N frames; they lie along the last dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from attrs import frozen
from torch import Tensor


@frozen
class Piece:
    """A part of a row, with what is around it.

    Attributes:
        frames: [..., N]: what comes before the part, the part, what comes after it.
        before: how many come before.
        count: how many the part has.
    """

    frames: Tensor
    before: int
    count: int


def in_pieces(row: Iterable[Tensor], count: int, reach: int) -> Iterator[Piece]:
    """Cut a row into pieces of `count` frames, each with up to `reach` frames on either side.

    What looks no farther than `reach` gives for each piece what it would give for the whole.

    Args:
        row: [..., N_i], one after the other; it may never end.
        count: frames of each piece but the last.
        reach: frames that are seen on either side.
    """
    held: Tensor | None = None
    before = 0
    for given in row:
        held = given if held is None else torch.cat([held, given], -1)
        while held.shape[-1] >= before + count + reach:
            yield Piece(held[..., : before + count + reach], before, count)
            kept = min(reach, before + count)
            held, before = held[..., before + count - kept :], kept
    while held is not None and held.shape[-1] > before:
        left = min(count, held.shape[-1] - before)
        yield Piece(held[..., : before + left + reach], before, left)
        kept = min(reach, before + left)
        held, before = held[..., before + left - kept :], kept
