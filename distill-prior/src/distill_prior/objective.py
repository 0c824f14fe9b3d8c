"""Carry out the training of a prior within a run, and say how long its sounds are."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, cast, overload

from attrs import frozen
from distill_core import SECONDS_GOING_ON, Configs, Dataset, Run, Tokenizer
from torch import Tensor

from .network import CodePrior
from .training import PriorObjective


@frozen
class Waveforms(Sequence[Tensor]):
    """Some clips of a dataset, read from disk each time one is asked for: [C, T]."""

    dataset: Dataset
    clips: Sequence[Any]

    def __len__(self) -> int:
        """Count the clips."""
        return len(self.clips)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        """Read one clip, or narrow to some."""
        if isinstance(index, slice):
            return Waveforms(self.dataset, self.clips[index])
        return self.dataset.waveform(self.clips[index])


def train(model: CodePrior, config: Configs, run: Run) -> dict[str, Any]:
    """Train on the codes of the run's dataset; what is told says whether its sounds end."""
    data = run.dataset
    run.fit(
        PriorObjective(
            model,
            config.training,
            cast("Tokenizer", run.host),
            Waveforms(data, data.train),
            Waveforms(data, data.held_out),
            seed=run.seed,
        )
    )
    lengths = [clip.seconds for clip in data.train]
    return {
        "ends": statistics.median(lengths) < SECONDS_GOING_ON,
        "longest_seconds": round(max(lengths), 3),
    }
