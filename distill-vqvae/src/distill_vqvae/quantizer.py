"""Residual vector quantisation: each level codes what the levels before it left over.

Letters: B batch, N frames, D code width, K levels, V codebook entries, P points (B x N).
After "SoundStream: An End-to-End Neural Audio Codec" (Zeghidour et al. 2021, algorithm 1);
codebooks follow their points by moving averages as in "Neural Discrete Representation Learning"
(van den Oord et al. 2017, appendix A.1).
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from attrs import frozen
from torch import Tensor, nn

DECAY = 0.98  # of the moving averages; about 50 steps of memory, as runs are about 1000 steps
DEAD_SHARE = 0.1  # an entry used less than this share of an even split is dead
SETTLING_ROUNDS = 20  # at most; two or three do
START_ROUNDS = 8  # of k-means on the first batch
START_JITTER = 0.01  # spread, relative to the points, between entries that start at one point


@frozen
class Quantized:
    """What quantising a batch of latents gives."""

    latents: Tensor  # [B, N, D]; gradients pass straight through
    codes: Tensor  # [B, K, N]
    commitment_loss: Tensor  # []
    codebook_loss: Tensor  # []; zero for codebooks that follow by moving averages


@frozen
class CodebookUsage:
    """How well each level's codebook was used since the counters were last reset."""

    utilization: tuple[float, ...]  # share of entries used at all
    perplexity: tuple[float, ...]  # exp of the entropy of the codes: entries in effective use
    dead: tuple[int, ...]  # entries not used once


class ResidualVectorQuantizer(nn.Module):
    """Quantise latents [B, N, D] with K codebooks of V entries each."""

    codebooks: Tensor  # [K, V, D]
    counts: Tensor  # [K, V]; moving average of points per entry and step
    sums: Tensor  # [K, V, D]; moving average of the sum of those points
    used: Tensor  # [K, V]; uses since reset_usage
    started: Tensor  # []; whether the codebooks have seen data

    def __init__(
        self,
        num_quantizers: int = 3,
        codebook_size: int = 256,
        width: int = 16,
        update: Literal["ema", "learned"] = "ema",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.num_quantizers, self.codebook_size, self.width = num_quantizers, codebook_size, width
        self.update, self.dropout = update, dropout
        codebooks = torch.randn(num_quantizers, codebook_size, width)
        if update == "learned":
            self.codebooks = nn.Parameter(codebooks)
        else:
            self.register_buffer("codebooks", codebooks)
        self.register_buffer("counts", torch.ones(num_quantizers, codebook_size))
        self.register_buffer("sums", codebooks.clone())
        self.register_buffer("used", torch.zeros(num_quantizers, codebook_size, dtype=torch.long))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))
        self._seen: list[tuple[Tensor, Tensor]] = []  # per level: points [P, D], codes [P]

    def forward(self, latents: Tensor) -> Quantized:
        """Quantise latents [B, N, D]; in training, remember what `after_step` learns from."""
        if self.training and not self.started:
            self._start(latents.detach().flatten(0, 1))
        keep = self._draw_levels(latents)  # [B, 1, 1]
        self._seen = []
        residual, total = latents, torch.zeros_like(latents)
        codes, commitments, fits = [], [], []
        for level in range(self.num_quantizers):
            nearest = self._nearest(residual.detach(), level)  # [B, N]
            entry = F.embedding(nearest, self.codebooks[level])  # [B, N, D]
            active = (keep > level).to(latents.dtype)
            commitments.append(((residual - entry.detach()).square() * active).mean())
            if self.update == "learned":
                fits.append(((residual.detach() - entry).square() * active).mean())
            if self.training:
                self._seen.append((residual.detach().flatten(0, 1), nearest.flatten()))
            total = total + entry * active
            residual = residual - entry.detach()
            codes.append(nearest)
        if self.update == "ema":
            total = total.detach()
        straight = latents + (total - latents).detach()
        return Quantized(
            latents=straight,
            codes=torch.stack(codes, 1),  # [B, K, N]
            commitment_loss=torch.stack(commitments).mean(),
            codebook_loss=torch.stack(fits).mean() if fits else latents.new_zeros(()),
        )

    def encode(self, latents: Tensor) -> Tensor:
        """Give the codes [B, K, N] of latents [B, N, D]."""
        residual, codes = latents, []
        for level in range(self.num_quantizers):
            nearest = self._nearest(residual, level)  # [B, N]
            residual = residual - F.embedding(nearest, self.codebooks[level])
            codes.append(nearest)
        return torch.stack(codes, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Give the latents [B, N, D] of codes [B, K, N]; fewer levels than K are allowed."""
        entries = [F.embedding(codes[:, k], self.codebooks[k]) for k in range(codes.shape[1])]
        return torch.stack(entries).sum(0)

    @torch.no_grad()
    def after_step(self, revive: bool = True) -> None:
        """Let the codebooks follow the last training batch, and reseed entries that died."""
        for level, (points, codes) in enumerate(self._seen):
            hits = torch.bincount(codes, minlength=self.codebook_size).to(points.dtype)  # [V]
            gathered = torch.zeros_like(self.sums[level]).index_add_(0, codes, points)  # [V, D]
            self.used[level] += hits.long()
            self.counts[level].lerp_(hits, 1 - DECAY)
            self.sums[level].lerp_(gathered, 1 - DECAY)
            if self.update == "ema":
                centres = self.sums[level] / self.counts[level].clamp_min(1e-6).unsqueeze(-1)
                alive = self.counts[level] > 1e-3
                self.codebooks[level] = torch.where(
                    alive.unsqueeze(-1), centres, self.codebooks[level]
                )
            if revive:
                self._revive(level, points)
        self._seen = []

    @torch.no_grad()
    def settle(self, latents: Tensor) -> None:
        """Move entries that no latent [P, D] uses to the latents that are coded worst.

        Done once, after training: from then on every entry is the nearest of some sound.
        """
        residual = latents
        for level in range(self.num_quantizers):
            for _ in range(SETTLING_ROUNDS):  # an entry that moves may leave another without any
                codes = self._nearest(residual, level)  # [P]
                hits = torch.bincount(codes, minlength=self.codebook_size)
                unused = (hits == 0).nonzero().squeeze(-1)[: len(latents)]
                if len(unused) == 0:
                    break
                errors = (residual - self.codebooks[level][codes]).square().sum(-1)  # [P]
                self.codebooks[level, unused] = residual[errors.topk(len(unused)).indices]
            residual = residual - self.codebooks[level][self._nearest(residual, level)]

    def usage(self) -> CodebookUsage:
        """Sum up the uses since `reset_usage`."""
        shares = self.used / self.used.sum(-1, keepdim=True).clamp_min(1)  # [K, V]
        entropy = -torch.xlogy(shares, shares).sum(-1)  # [K]
        dead = (self.used == 0).sum(-1)  # [K]
        return CodebookUsage(
            utilization=tuple((1 - dead / self.codebook_size).tolist()),
            perplexity=tuple(entropy.exp().tolist()),
            dead=tuple(int(number) for number in dead),
        )

    def reset_usage(self) -> None:
        """Begin to count anew, as at the start of an epoch."""
        self.used.zero_()

    def _nearest(self, points: Tensor, level: int) -> Tensor:
        return _nearest_entry(points, self.codebooks[level])

    def _draw_levels(self, latents: Tensor) -> Tensor:
        """Draw how many levels each example keeps (SoundStream, section III-C)."""
        batch = latents.shape[0]
        full = torch.full((batch, 1, 1), self.num_quantizers, device=latents.device)
        if not self.training or self.dropout == 0:
            return full
        fewer = torch.randint(1, self.num_quantizers + 1, (batch, 1, 1), device=latents.device)
        drop = torch.rand(batch, 1, 1, device=latents.device) < self.dropout
        return torch.where(drop, fewer, full)

    @torch.no_grad()
    def _start(self, points: Tensor) -> None:
        """Start each level by k-means on the first batch [P, D]."""
        residual = points
        for level in range(self.num_quantizers):
            spread = residual.std() * START_JITTER
            entries = _draw(residual, self.codebook_size)  # [V, D]
            entries = entries + spread * torch.randn_like(entries)
            for _ in range(START_ROUNDS):
                codes = _nearest_entry(residual, entries)  # [P]
                hits = torch.bincount(codes, minlength=self.codebook_size).unsqueeze(-1)  # [V, 1]
                means = torch.zeros_like(entries).index_add_(0, codes, residual) / hits.clamp_min(1)
                entries = torch.where(hits > 0, means, entries)
            self.codebooks[level] = entries
            self._give_even_share(level, slice(None), len(points))
            residual = residual - entries[_nearest_entry(residual, entries)]
        self.started.fill_(True)

    def _revive(self, level: int, points: Tensor) -> None:
        """Move dead entries to random points of the last batch."""
        even = self.counts[level].mean()
        dead = (self.counts[level] < DEAD_SHARE * even).nonzero().squeeze(-1)
        if len(dead) == 0:
            return
        fresh = _draw(points, len(dead))
        self.codebooks[level, dead] = fresh
        self._give_even_share(level, dead, len(points))

    def _give_even_share(self, level: int, entries: slice | Tensor, points: int) -> None:
        share = points / self.codebook_size
        self.counts[level, entries] = share
        self.sums[level, entries] = self.codebooks[level, entries] * share


def _nearest_entry(points: Tensor, entries: Tensor) -> Tensor:
    """Give the index [...] of the entry [V, D] nearest to each point [..., D]."""
    distances = entries.square().sum(-1) - 2 * points @ entries.T  # [..., V], less a constant
    return distances.argmin(-1)


def _draw(points: Tensor, count: int) -> Tensor:
    """Draw points [P, D] at random, repeating some only when there are too few."""
    if len(points) >= count:
        chosen = torch.randperm(len(points), device=points.device)[:count]
    else:
        chosen = torch.randint(len(points), (count,), device=points.device)
    return points[chosen].clone()
