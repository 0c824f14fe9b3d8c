"""Fill what is automatic in every stage's settings, before anything is trained."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..audio.dataset import Dataset
from ..configs import Configs
from ..loading import build
from ..model_type import Facts
from ..owner import Owner
from .schedule import Budget
from .stage import Stage

if TYPE_CHECKING:
    from torch import nn


def plan(
    owners: Sequence[Owner],
    configs: Mapping[str, Configs],
    host: nn.Module | None,
    dataset: Dataset,
    budget: Budget,
    device: str,
) -> list[Stage]:
    """Make the stages of a job, with nothing automatic left in their settings.

    Args:
        owners: of the stages, in their order.
        configs: by model type, as the user gave them.
        host: the loaded network for companions; None when the first stage trains it.
        dataset: the sounds.
        budget: of all stages.
        device: to train on.

    Raises:
        BackendError: one of them lacks a hook.
    """
    for owner in owners:
        owner.check_whole()
    lengths = [clip.seconds for clip in dataset.train]
    stages = []
    for index, owner in enumerate(owners):
        facts = Facts(
            clips=len(lengths), seconds=dataset.seconds,
            median_seconds=statistics.median(lengths),
            minutes=budget.share(index, len(owners)), device=device, host=host,
        )  # fmt: skip
        adapted = owner.call("distill_adapt", configs=configs[owner.name], facts=facts)
        stages.append(Stage(owner, configs[owner.name], adapted))
        if host is None:  # companions need to know of it only what its config says
            host = build(owner, adapted.model, None)
    return stages
