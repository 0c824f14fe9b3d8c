"""Draw codes from the prior, one frame at a time, for many takes side by side.

Take b draws from generator b alone, a fixed count of numbers per frame, so what a take becomes
depends on its own seed and on nothing that its neighbours do.

Letters: B takes, K levels, N frames, V entries, E hidden width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import torch
from distill_core import AudioError
from torch import Tensor

from .network import CodePrior, Tables

AHEAD = 64  # frames of random numbers drawn at once; part of what a seed means


@attrs.frozen(kw_only=True)
class Step:
    """What one step gave each take."""

    codes: Tensor  # [B, K] the next frame, where there is one
    sounding: Tensor  # [B] bool: this take got a frame
    ended: Tensor  # [B] bool: this take's sound ended before this frame


def filter_probabilities(
    logits: Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 0.0
) -> Tensor:
    """Turn logits [..., V] into probabilities that leave out the unlikely.

    Args:
        logits: [..., V].
        temperature: below 1 sharpens, above 1 flattens.
        top_k: how many of the likeliest codes stay; 0 keeps all.
        top_p: the share of probability that the likeliest codes must hold together (Holtzman et
            al. 2020, "The Curious Case of Neural Text Degeneration"); 0 keeps all.

    Returns:
        probabilities [..., V], not summing to one; at least one is above zero.
    """
    shares = torch.softmax(logits / temperature, -1)
    kept = min(top_k, shares.shape[-1]) or shares.shape[-1]
    filters_mass = 0.0 < top_p < 1.0
    if kept == shares.shape[-1] and not filters_mass:
        return shares
    ranked = shares.topk(kept, -1).values  # [..., kept], falling
    last = torch.full_like(ranked[..., :1], kept - 1, dtype=torch.long)
    if filters_mass:
        before = ranked.cumsum(-1) - ranked  # [..., kept]
        last = (before < top_p).sum(-1, keepdim=True).sub(1).clamp_min(0)
    return shares.masked_fill(shares < ranked.gather(-1, last), 0.0)


def pick(shares: Tensor, chance: Tensor) -> Tensor:
    """Choose entries [B] by numbers [B] in 0 to 1 from shares [B, V] that need not sum to one."""
    # in double precision, which not every device has: a share of zero must never be hit by rounding
    summed = shares.cpu().double().cumsum(-1)
    wanted = chance.cpu().double()[:, None] * summed[:, -1:]
    if not bool(torch.isfinite(wanted).all()):
        raise AudioError("The model's probabilities are no numbers.", "Train it again.")
    return torch.searchsorted(summed, wanted, right=True)[:, 0].to(shares.device)


class Sampler:
    """Takes in the making: yields a `Step` per frame for as long as any of them sounds.

    A pure function of weights, settings and generators. Nothing that was computed for a frame is
    computed again; memory stays the same however long a take lasts.
    """

    def __init__(
        self,
        model: CodePrior,
        generators: Sequence[torch.Generator],
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 0.9,
        prompt: Tensor | None = None,
        again: bool = False,
        longest: int | None = None,
    ) -> None:
        """Prepare takes.

        Args:
            model: the prior, in eval mode.
            generators: one per take; take b draws from generator b alone.
            temperature: see `filter_probabilities`. Ends are drawn as they were learnt, whatever
                the filters: those would forbid what is rare.
            top_k: likewise.
            top_p: likewise.
            prompt: codes [B, K, N] that each take goes on from, None to begin at the beginning.
            again: begin a further sound where one ends, instead of falling silent.
            longest: frames after which a sound ends in any case; None lets it go on.
        """
        self.model, self.generators, self.again = model, list(generators), again
        self.temperature, self.top_k, self.top_p = temperature, top_k, top_p
        self.prompt, self.longest = prompt, longest

    @torch.inference_mode()
    def __iter__(self) -> Iterator[Step]:
        """Yield steps until no take sounds any more; for ever where sounds begin again."""
        model, rows = self.model, len(self.generators)
        device = model.usual.device
        tables = model.tables()
        cache = model.cache(rows)
        previous = torch.zeros(rows, model.levels, dtype=torch.long, device=device)  # [B, K]
        ages = torch.zeros(rows, dtype=torch.long, device=device)  # [B]
        alive = torch.ones(rows, dtype=torch.bool, device=device)  # [B]
        if self.prompt is not None:
            for frame in self.prompt.to(device).unbind(-1):
                model.step(previous, ages, cache, tables)
                previous, ages = frame, ages + 1
        for chances in self._chances(device):  # [B, K + 1]
            state = model.step(previous, ages, cache, tables)
            stops = chances[:, 0] < torch.sigmoid(model.ending(state)[:, 0])
            if self.longest is not None:
                stops = stops | (ages >= self.longest)
            ended = alive & stops & (ages > 0)
            previous = self._frame(state, chances[:, 1:], tables)
            sounding = alive & ~ended
            yield Step(codes=previous, sounding=sounding, ended=ended)
            ages = torch.where(ended, 0, ages + 1)
            if not self.again:
                alive = sounding
                if not bool(alive.any()):
                    return

    def _frame(self, state: Tensor, chances: Tensor, tables: Tables) -> Tensor:
        """Draw one frame [B, K], level by level, given the temporal state [B, E]."""
        hint = torch.zeros_like(state)
        codes = []
        for level in range(self.model.levels):
            logits = self.model.level(state, hint, level, tables)  # [B, V]
            shares = filter_probabilities(logits, self.temperature, self.top_k, self.top_p)
            codes.append(pick(shares, chances[:, level]))
            hint = hint + tables.told[level][codes[-1]]
        return torch.stack(codes, 1)

    def _chances(self, device: torch.device) -> Iterator[Tensor]:
        """Yield numbers [B, K + 1] in 0 to 1 without end, one for each choice of a frame."""
        count = self.model.levels + 1
        while True:
            blocks = [
                torch.rand(AHEAD, count, generator=generator, device=generator.device)
                for generator in self.generators
            ]
            yield from torch.stack(blocks, 1).to(device)  # AHEAD times [B, K + 1]
