"""Pieces of sounds, packed into rows without a gap.

A position asks for one frame, given the frame before it, or for the end of its sound; a sound of
N frames has N + 1 positions.

Letters: B batch, K levels, N frames, L positions of a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

STREAM = 0xBA7C  # keeps these draws apart from all others of the same seed


@attrs.frozen(kw_only=True)
class Batch:
    """Rows of pieces of sounds."""

    previous: Tensor  # [B, K, L] the frame before
    targets: Tensor  # [B, K, L] the frame itself
    ages: Tensor  # [B, L] frames since the sound began
    pieces: Tensor  # [B, L] which piece of its row a position belongs to
    ends: Tensor  # [B, L] bool: the sound ended before this position
    asked: Tensor  # [B, L] bool: counts in the loss (not padding, nor context only)

    def to(self, device: torch.device) -> Batch:
        """Give the batch on another device."""
        return Batch(**{name: value.to(device) for name, value in attrs.asdict(self).items()})


@attrs.frozen
class Piece:
    """Consecutive positions of one sound."""

    codes: Tensor  # [K, N] of the whole sound
    first: int
    taken: int
    context: int = 0  # of its positions, how many only lead in


def draw_batch(
    encodings: Sequence[Sequence[Tensor]], rows: int, length: int, seed: int, step: int
) -> Batch:
    """Fill rows with random pieces: a pure function of what is given.

    A sound that fits in what is left of a row is taken whole, with its end; of a longer one a
    random stretch, so that beginnings, ends and all between are seen about as often as each other.

    Args:
        encodings: for each encoding of the data set, the codes [K, N] of each clip.
        rows: B.
        length: L.
        seed: of the run.
        step: of the run.
    """
    rng = np.random.default_rng((STREAM, seed, step))
    frames = np.array([codes.shape[1] for codes in encodings[0]])
    weights = np.where(frames < length, 1.0, (frames + length) / length)
    weights = weights / weights.sum()
    drawn: list[list[Piece]] = []
    for _ in range(rows):
        room, row = length, []
        while room > 0:
            clip = int(rng.choice(len(frames), p=weights))
            codes = encodings[int(rng.integers(len(encodings)))][clip]  # [K, N]
            row.append(_cut(codes, room, rng))
            room -= row[-1].taken
        drawn.append(row)
    return pack(drawn, length)


def _cut(codes: Tensor, room: int, rng: np.random.Generator) -> Piece:
    """Take a sound whole where it fits, else a stretch as long as the room."""
    frames = codes.shape[1]
    if frames + 1 <= room:
        return Piece(codes, 0, frames + 1)
    first = int(rng.integers(-room, frames + 1))
    return Piece(codes, min(max(first, 0), frames + 1 - room), room)


def lay_out(sequences: Sequence[Tensor], length: int, context: int, most: int) -> list[list[Piece]]:
    """Cut sounds into rows so that each position is asked once, after its context if it has one.

    Args:
        sequences: codes [K, N] of each sound.
        length: positions of a row.
        context: positions that lead into a row that begins in the middle of its sound.
        most: rows; of more, evenly spaced ones are kept.
    """
    rows: list[list[Piece]] = [[]]
    room = length
    for codes in sequences:
        positions, asked = codes.shape[1] + 1, 0
        while asked < positions:
            lead = min(context, asked)
            taken = min(lead + positions - asked, length)
            if taken > room:
                rows.append([])
                room = length
            rows[-1].append(Piece(codes, asked - lead, taken, lead))
            asked += taken - lead
            room -= taken
    kept = np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)
    return [rows[row] for row in kept]


def pack(rows: Sequence[Sequence[Piece]], length: int) -> Batch:
    """Put pieces side by side in rows of one length; what is left over asks for nothing."""
    levels = rows[0][0].codes.shape[0]
    previous = torch.zeros(len(rows), levels, length, dtype=torch.long)
    targets = torch.zeros_like(previous)
    ages = torch.zeros(len(rows), length, dtype=torch.long)
    numbers = torch.full_like(ages, -1)
    ends = torch.zeros(len(rows), length, dtype=torch.bool)
    asked = torch.zeros_like(ends)
    for row, pieces in enumerate(rows):
        at = 0
        for number, piece in enumerate(pieces):
            here = slice(at, at + piece.taken)
            there = slice(piece.first, piece.first + piece.taken)
            known = F.pad(piece.codes, (1, 1))  # [K, N + 2] position n asks for known[n + 1]
            previous[row, :, here] = known[:, there]
            targets[row, :, here] = known[:, 1:][:, there]
            ages[row, here] = torch.arange(there.start, there.stop)
            ends[row, here] = ages[row, here] == piece.codes.shape[1]
            numbers[row, here] = number
            asked[row, at + piece.context : at + piece.taken] = True
            at += piece.taken
    return Batch(
        previous=previous, targets=targets, ages=ages, pieces=numbers, ends=ends, asked=asked
    )
