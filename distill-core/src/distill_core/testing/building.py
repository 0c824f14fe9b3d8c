"""Conformance: how a network is built."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..loading import build
from ..modelfile import mismatch, read_model_file
from ..seeding import seeded
from ..training.average import snapshot
from .failing import fail, hold, told
from .generators import Generators, seeding
from .trained import TrainedTests, Training
from .trial import Trial


class BuildingTests(TrainedTests):
    """`distill_build` makes a network from its config and core's seed, and from nothing else."""

    def test_it_builds_what_the_file_holds(
        self, trial: Trial, training: Training, config: Any, host_network: nn.Module | None
    ) -> None:
        """A model file is loaded into what is built from its config."""
        built = build(trial.owner, config, host_network)
        kept = read_model_file(training.done.model).part(self.model_type)
        odd = mismatch(snapshot(built), kept)
        hold(
            odd is None,
            f"The network built from the file's config is not the one that was saved ({odd})."
            " Let every size follow from the model config (or, for a companion, from its host).",
        )

    def test_it_builds_without_looking_at_values(
        self, trial: Trial, config: Any, host_network: nn.Module | None
    ) -> None:
        """A file from a stranger is held against a network on torch's meta device first."""
        try:
            with torch.device("meta"):
                build(trial.owner, config, host_network)
        except Exception as error:
            fail(
                f"distill_build fails on torch's meta device: {told(error)}",
                "Look at no tensor's values while building (no .item(), .tolist(), float(tensor) or"
                " branch that depends on one), and let torch place new tensors.",
            )

    def test_the_same_seed_builds_the_same_weights(
        self, trial: Trial, config: Any, host_network: nn.Module | None
    ) -> None:
        """Core seeds torch's global generator before it asks; nothing else may decide."""
        one, other = (snapshot(build(trial.owner, config, host_network, 1)) for _ in range(2))
        odd = [name for name in one if not torch.equal(one[name], other[name])]
        hold(
            not odd,
            f"Built twice from one seed, {_listed(odd)} differs. Draw first weights from torch's"
            " global generator only, which core has seeded (no numpy, no random, no clock).",
        )

    def test_building_seeds_nothing(
        self, trial: Trial, config: Any, host_network: nn.Module | None
    ) -> None:
        """Someone's own random numbers must not repeat because a model was loaded."""
        before, left = Generators.now(), []
        with seeding() as found:
            for seed in (1, 2):
                with seeded(seed):
                    trial.owner.call("distill_build", config=config, host=host_network)
                    left.append(torch.get_rng_state())
        seeders = sorted(found) or ["something"] * torch.equal(*left)
        hold(
            not seeders,
            f"distill_build seeds a global generator ({', '.join(seeders)}). Take that out: core"
            " seeds before it asks.",
        )
        changed = before.changed()
        hold(
            not changed,
            f"distill_build changes the global generator of {_listed(changed)}. Draw from torch's"
            " only, which core puts back.",
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
