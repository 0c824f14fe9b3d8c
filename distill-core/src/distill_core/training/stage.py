"""One stage of a job: build, train and save one network, all through its owner's hooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..configs import Configs, automatic, unstructure
from ..events import Saved
from ..header import Header, read_header
from ..loading import build
from ..modelfile import replace_part, write_model_file
from ..owner import Owner
from ..seeding import seeded
from ..strict import dump
from .run import Outcome, Run
from .standing import own_header

if TYPE_CHECKING:
    from torch import nn

    from .job import Job

WHOLE_RUN = -2  # keeps what a loop of a backend's own draws apart from core's steps and epochs


@frozen
class Stage:
    """The training of one model type within a job.

    Attributes:
        owner: of the model type.
        given: the configs as the user gave them.
        configs: the same with everything automatic filled in.
    """

    owner: Owner
    given: Configs
    configs: Configs

    @property
    def automatic(self) -> dict[str, Any]:
        """List what was left to the data, and is filled now."""
        given, filled = self.given, self.configs
        return automatic(given.model, filled.model) | automatic(given.training, filled.training)

    def train(self, job: Job, run: Run) -> bool:
        """Train and save; say whether anything was saved.

        Where it was stopped before a step was made, nothing takes the place of a model that is
        there; nor does a companion that is not yet as good as the one that is there.
        """
        network = build(self.owner, self.configs.model, run.host, seed=run.seed).to(job.device)
        with seeded(run.seed, WHOLE_RUN):
            extras = self.owner.call("distill_train", model=network, config=self.configs, run=run)
        run.announce(0)  # a silent loop that was stopped leaves what was there, and says so
        early = run.stopping and run.fitted and job.model.exists()
        if early and (run.outcome.steps == 0 or self._is_worse(job, run)):
            return False
        self._save(job, network, run.outcome, extras)
        run.emit(
            Saved(
                stage=run.stage, step=run.outcome.steps, seconds=run.seconds,
                model=str(job.model), held_out_loss=run.outcome.held_out_loss,
            )
        )  # fmt: skip
        return True

    def _is_worse(self, job: Job, run: Run) -> bool:
        """Say whether the file's companion does better on the same held-out sounds, and stays."""
        told = read_header(job.model).companions.get(self.owner.name)
        before = told.get("training") if isinstance(told, dict) else None
        if self.owner.claim.kind != "companion" or not isinstance(before, dict):
            return False
        kept, now = before.get("held_out_loss"), run.outcome.held_out_loss
        alike = before.get("fingerprint") == job.dataset.fingerprint
        if not alike or now is None or not isinstance(kept, float) or kept >= now:
            return False
        run.warn(
            f"The {self.owner.name} that {job.model} has stays: on held-out sounds it is better"
            f" than this one is yet ({kept:.4f} against {now:.4f}).",
            run.outcome.steps,
        )
        return True

    def training_in(self, header: Header) -> dict[str, Any]:
        """Give what a model file says of this stage's training."""
        if self.owner.claim.kind == "companion":
            return dict(header.companions[self.owner.name]["training"])
        return header.training

    def _save(
        self, job: Job, network: nn.Module, outcome: Outcome, extras: dict[str, Any] | None
    ) -> None:
        """Write the model file, or the companion into it."""
        name = self.owner.name
        model, training = self.configs.model, self._training(job, outcome)
        if self.owner.claim.kind == "companion":
            record = companion_record(self.owner, model, training)
            replace_part(job.model, name, network.state_dict(), record, extras, on=job.id)
            return
        # nobody else's may be lost, and of the run's own what people saved since stays
        there = own_header(job.folder, job.model, job.id, job.replaces)
        told = {
            "version": str(self.owner.type.versions[-1]), "model_type": name, "id": job.id,
            "name": job.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "sample_rate": str(model.sample_rate), "channels": str(model.channels),
            "backend": self.owner.backend, "config": dump(unstructure(model)),
            "training": dump(training), "companions": "{}",
            "presets": "{}" if there is None else there.told.get("presets", "{}"),
            "extras": dump({name: extras} if extras is not None else {}),
        }  # fmt: skip
        write_model_file(job.model, told, {name: network.state_dict()})

    def _training(self, job: Job, outcome: Outcome) -> dict[str, Any]:
        """Say how it was trained, for the header."""
        data = job.dataset
        final = {
            key if key.startswith("best_") else f"final_{key}": value
            for key, value in outcome.last.items()
            if isinstance(value, int | float)
        }
        return {
            "config": unstructure(self.configs.training), "automatic": self.automatic,
            "seed": job.seed, "clips": len(data.clips), "clip_seconds": round(data.seconds, 3),
            "held_out": list(data.held_out_names), "held_out_tail": data.tail_held_out,
            "fingerprint": data.fingerprint,
            "epochs_trained": outcome.epochs, "steps": outcome.steps,
            "held_out_loss": outcome.held_out_loss, "seconds": job.seconds,
            "device": job.device, "threads": job.threads,
            "training_date": datetime.now(UTC).isoformat(timespec="seconds"),
        } | final  # fmt: skip


def companion_record(owner: Owner, model: Any, training: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a model file's `companions` holds of one: all that loads it, and how it was trained.

    Args:
        owner: of the companion's type.
        model: its model config, nothing automatic left.
        training: what is known of its training.
    """
    return {
        "version": owner.type.versions[-1],
        "backend": owner.backend,
        "config": unstructure(model),
        "training": dict(training),
    }
