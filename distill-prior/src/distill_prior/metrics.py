"""What an epoch of the prior reports: how surprised it is, and whether it knows by heart."""

from __future__ import annotations

import attrs
from distill_core import EpochMetrics


@attrs.frozen(kw_only=True)
class PriorEpochMetrics(EpochMetrics):
    """An epoch of a prior; figures are None when nothing is held out.

    Attributes:
        perplexity: exp of the held-out nats per code: codes it wavers between.
        best_perplexity: the lowest so far; that state is what is kept.
        memorizing: whether it learns its clips by heart.
        bits_per_second: what held-out codes cost under the model, per second of sound.
        frequencies_bits_per_second: what they cost under the codes' own frequencies.
    """

    perplexity: float | None = None
    best_perplexity: float | None = None
    memorizing: bool = False
    bits_per_second: float | None = None
    frequencies_bits_per_second: float | None = None
