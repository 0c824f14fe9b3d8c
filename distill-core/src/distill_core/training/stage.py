"""One stage of a job: adapt, build, train and save one network, all through its owner's hooks."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define

from ..configs import Configs, automatic, unstructure
from ..errors import Interrupted
from ..events import Saved
from ..loading import build, load
from ..model_type import Facts
from ..modelfile import replace_part, write_model_file
from ..registry import Owner
from ..strict import dump
from .run import Outcome, Run

if TYPE_CHECKING:
    from torch import nn

    from .job import Job


@define
class Stage:
    """Trains one model type within a job."""

    job: Job
    owner: Owner
    deadline: float | None
    steps: int = 0

    @property
    def is_companion(self) -> bool:
        """Say whether this network sits on another in the same file."""
        return bool(self.owner.type.needs)

    def train(self, configs: Configs, owners: Sequence[Owner]) -> float | None:
        """Train and save; give the held-out loss of what was saved."""
        job, name = self.job, self.owner.type.name
        host = self._host()
        adapted = self.owner.call("distill_adapt", configs=configs, facts=self._facts(host))
        filled = automatic(configs.model, adapted.model) | automatic(
            configs.training, adapted.training
        )
        network = build(self.owner, adapted.model, host, seed=job.stage_seed(name)).to(job.device)
        run = Run(
            stage=name, folder=job.folder.path, dataset=job.dataset, host=host, device=job.device,
            seed=job.stage_seed(name), budget=job.budget, deadline=self.deadline, began=job.began,
            announce=lambda: job.announce(name, [each.type.name for each in owners], filled),
            listener=job.tell, cancel=job.cancel, warned=job.warned,
        )  # fmt: skip
        if job.cancel.is_set() and not job.announced:
            raise Interrupted("Stopped before training started; nothing was written.")
        extras = self.owner.call("distill_train", model=network, config=adapted, run=run)
        self.steps = run.outcome.steps
        self._save(network, adapted, filled, run.outcome, extras)
        run.emit(
            Saved(
                stage=name, step=self.steps, seconds=run.seconds, model=str(job.model),
                held_out_loss=run.outcome.held_out_loss,
            )
        )  # fmt: skip
        return run.outcome.held_out_loss

    def _host(self) -> nn.Module | None:
        """Load the network a companion sits on, as it will be when it plays."""
        if not self.is_companion:
            return None
        return load(self.job.model, self.job.device, self.job.registry).host.network

    def _facts(self, host: nn.Module | None) -> Facts:
        data, job = self.job.dataset, self.job
        lengths = [clip.seconds for clip in data.train]
        left = None if self.deadline is None else max(0.0, self.deadline - job.began - job.seconds)
        return Facts(
            clips=len(lengths),
            seconds=data.seconds,
            median_seconds=statistics.median(lengths),
            minutes=None if left is None else left / 60,
            device=job.device,
            host=host,
        )

    def _save(
        self, network: nn.Module, configs: Configs, filled: dict[str, Any], outcome: Outcome,
        extras: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        """Write the model file, or the companion into it."""
        path: Path = self.job.model
        name, version = self.owner.type.name, self.owner.type.versions[-1]
        claim = self.job.registry.claim(name)
        backend = f"{claim.distribution} {claim.version}"
        training = self._training(configs, filled, outcome)
        config = unstructure(configs.model)
        tensors = network.state_dict()
        if self.is_companion:
            record = {
                "version": version,
                "backend": backend,
                "config": config,
                "training": training,
            }
            replace_part(path, name, tensors, record, extras)
            return
        told = {
            "version": str(version), "model_type": name, "id": self.job.id, "name": self.job.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "sample_rate": str(configs.model.sample_rate), "channels": str(configs.model.channels),
            "backend": backend, "config": dump(config), "training": dump(training),
            "extras": dump({name: extras} if extras is not None else {}),
            "presets": "{}", "companions": "{}",
        }  # fmt: skip
        write_model_file(path, told, {name: tensors})

    def _training(
        self, configs: Configs, filled: dict[str, Any], outcome: Outcome
    ) -> dict[str, Any]:
        """Say how it was trained, for the header."""
        job, data = self.job, self.job.dataset
        final = {
            key if key.startswith("best_") else f"final_{key}": value
            for key, value in outcome.last.items()
            if isinstance(value, int | float)
        }
        return {
            "config": unstructure(configs.training), "automatic": filled, "seed": job.seed,
            "clips": len(data.clips), "clip_seconds": round(data.seconds, 3),
            "held_out": list(data.held_out_names), "fingerprint": data.fingerprint,
            "epochs_trained": outcome.epochs, "steps": outcome.steps,
            "held_out_loss": outcome.held_out_loss, "seconds": job.seconds,
            "device": job.device, "threads": job.threads,
            "training_date": datetime.now(UTC).isoformat(timespec="seconds"),
        } | final  # fmt: skip
