"""What an epoch of the codec reports beyond the losses: the health of its codebooks."""

from __future__ import annotations

from typing import Any

import attrs
from distill_core import EpochMetrics


@attrs.frozen(kw_only=True)
class VQEpochMetrics(EpochMetrics):
    """An epoch of a codec.

    Attributes:
        reconstruction_loss: mean over the epoch.
        commitment_loss: mean over the epoch.
        codebooks: per level a table of `level`, `utilization` (0–1), `perplexity`, `dead`.
    """

    reconstruction_loss: float
    commitment_loss: float
    codebooks: list[dict[str, Any]]
