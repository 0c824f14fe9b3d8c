"""Transformer blocks with rotary positions, over whole windows or one frame at a time.

Letters: B batch, N frames, E hidden width, H heads, W frames that attention sees, G head width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOWEST = 10_000.0  # base of the rotary periods, as in RoFormer
EXPANSION = 3  # of the perceptron
TURNS = 64  # rotations made at once while sampling
FIRST_SLOTS = 256  # of the rings; the usual window has no more


def rotation(places: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Give cosine and sine [N, G] that turn queries and keys at the places [N].

    Angles are made in double precision: endless takes count far beyond what float32 can turn by.
    """
    periods = SLOWEST ** (torch.arange(0, width, 2).double() / width)
    angles = places.cpu().double()[:, None] / periods  # [N, G / 2]
    doubled = torch.cat([angles, angles], -1)
    return doubled.cos().float().to(places.device), doubled.sin().float().to(places.device)


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turn x [B, H, N, G] by its places, so that dot products see distances only."""
    low, high = x.chunk(2, -1)
    return x * turn[0] + torch.cat([-high, low], -1) * turn[1]


class Cache:
    """Rings of keys and values: slot n mod W holds frame n, until W later.

    They begin short and grow as frames come, so that a wide window costs what is used of it.
    """

    def __init__(
        self, layers: int, rows: int, heads: int, window: int, width: int, like: Tensor
    ) -> None:
        """Allocate rings on the device of `like`, with its type."""
        self.slots = min(window, FIRST_SLOTS)
        self.keys = like.new_zeros(layers, rows, heads, self.slots, width)
        self.values = torch.zeros_like(self.keys)
        self.window, self.width = window, width
        self.slot = self.frame = 0
        self.turns = rotation(torch.zeros(1, device=like.device), width)
        # [B, slots] the frame in each slot
        self.born = torch.full((rows, self.slots), -1, device=like.device)

    def advance(self, ages: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Make room for one frame; a row whose age is 0 begins a new sound and forgets the last.

        Returns:
            the turn of this frame, and which slots it may see, [B, 1, 1, slots] bool.
        """
        if self.frame == self.slots < self.window:
            self._grow(min(self.window, 2 * self.slots))
        self.slot = self.frame % self.slots
        self.born.masked_fill_((ages == 0)[:, None], -1)
        self.born[:, self.slot] = self.frame
        ahead = self.frame % TURNS
        if ahead == 0:
            places = torch.arange(self.frame, self.frame + TURNS, device=ages.device)
            self.turns = rotation(places, self.width)
        turn = self.turns[0][ahead], self.turns[1][ahead]
        self.frame += 1
        return turn, (self.born >= 0)[:, None, None]

    def _grow(self, slots: int) -> None:
        """Lengthen rings that are full for the first time; each frame stays in its slot."""
        more = slots - self.slots
        self.keys = F.pad(self.keys, (0, 0, 0, more))
        self.values = F.pad(self.values, (0, 0, 0, more))
        self.born = F.pad(self.born, (0, more), value=-1)
        self.slots = slots


class Block(nn.Module):
    """Attention to the frames before, then a perceptron; both add to the stream."""

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        """Build an untrained block of that width."""
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(hidden)
        self.ask = nn.Linear(hidden, 3 * hidden, bias=False)
        self.answer = nn.Linear(hidden, hidden, bias=False)
        self.think = nn.Sequential(
            nn.LayerNorm(hidden),
            nn.Linear(hidden, EXPANSION * hidden),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(EXPANSION * hidden, hidden),
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """Pass on x [B, N, E]; mask [B, 1, N, N] says who sees whom."""
        query, key, value = self._split(x, turn)
        seen = F.scaled_dot_product_attention(query, key, value, mask)
        return self._merge(x, seen)

    def step(
        self,
        x: Tensor,
        turn: tuple[Tensor, Tensor],
        mask: Tensor,
        keys: Tensor,
        values: Tensor,
        slot: int,
    ) -> Tensor:
        """Pass on one frame [B, 1, E], leaving its key and value in a slot of the rings."""
        query, key, value = self._split(x, turn)
        keys[:, :, slot], values[:, :, slot] = key[:, :, 0], value[:, :, 0]
        seen = F.scaled_dot_product_attention(query, keys, values, mask)
        return self._merge(x, seen)

    def _split(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Give query, key and value, each [B, H, N, G], the first two turned by their places."""
        rows, frames, _ = x.shape
        mixed = self.ask(self.before(x)).view(rows, frames, 3 * self.heads, -1).transpose(1, 2)
        turned, value = rotate(mixed[:, : 2 * self.heads], turn), mixed[:, 2 * self.heads :]
        return turned[:, : self.heads], turned[:, self.heads :], value

    def _merge(self, x: Tensor, seen: Tensor) -> Tensor:
        """Add what attention [B, H, N, G] and the perceptron say to the stream [B, N, E]."""
        x = x + self.drop(self.answer(seen.transpose(1, 2).flatten(2)))
        thought: Tensor = self.drop(self.think(x))
        return x + thought
