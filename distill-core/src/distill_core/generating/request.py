"""What one call of `distill_generate` asks for, and what it may answer with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from .space import WIDTH

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

SECONDS_GOING_ON = 10.0  # default length of material that has no end of its own


@attrs.frozen(kw_only=True, eq=False)
class Partner:
    """One model of a blend, as what plays gets it.

    Attributes:
        network: the loaded network; one that `mixes_with` the one that plays.
        weight: its share, above 0; the weights of all partners sum to 1.
        extras: what it learnt only after training.
        host: for a companion, the loaded network it sits on.
    """

    network: nn.Module
    weight: float
    extras: Mapping[str, Any] = attrs.field(factory=dict)
    host: nn.Module | None = None


@attrs.frozen(kw_only=True)
class Request:
    """One batch of takes to make.

    Attributes:
        rngs: one generator per take (B of them); all randomness comes from them.
        samples: the length of each take, or None for one sound to its natural end.
        sample_rate: of the takes, in Hz; the model's.
        channels: of the takes (C); the model's, or 2 of a model with one where its type `widens`:
            then the right channel is to be a second sound that is related to the left.
        width: how far apart those two are: 0 (both alike) to 1 (as far as they can be).
        host: for a companion, the loaded network it sits on.
        extras: what the part that plays learnt only after training.
        blend: models whose latents are to be mixed, the one that plays first, each with its weight;
            empty where nothing is blended. Only for networks that are `Blends`.
    """

    rngs: Sequence[torch.Generator]
    samples: int | None
    sample_rate: int
    channels: int
    width: float = WIDTH
    host: nn.Module | None = None
    extras: Mapping[str, Any] = attrs.field(factory=dict)
    blend: Sequence[Partner] = ()


@attrs.frozen
class Chunk:
    """A piece of some of the takes of a batch.

    One of no takes is a sign of life, for what works long before its first sound: it can be stopped
    at each chunk, and nowhere else.

    Attributes:
        samples: float32 [B', C, T_i], one row per take that goes on.
        takes: which takes of the batch the rows belong to.
        attached: by take, what makes it exact (codes, latents) as JSON-able values; told once,
            with any of the take's chunks.
    """

    samples: Tensor
    takes: Sequence[int]
    attached: Mapping[int, Any] | None = None

    @classmethod
    def of(cls, given: Tensor | Chunk, count: int) -> Chunk:
        """Take what `distill_generate` yields: a record, or a tensor of all `count` takes."""
        return given if isinstance(given, Chunk) else cls(given, range(count))
