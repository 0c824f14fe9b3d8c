"""The training loop that every backend shares."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from attrs import asdict

from ..errors import ConfigError, DivergedError
from ..seeding import seeded
from .average import Average, copy_into, snapshot
from .checkpoint import Checkpoint, optimizer_state
from .folder import checkpoint_path
from .objective import Objective
from .run import Outcome, Run
from .schedule import Budget, Pace

CHECKPOINT_SECONDS = 55.0  # at most a minute of work is ever lost


class Loop:
    """Drives one objective: steps, epochs, held-out losses, checkpoints, stopping."""

    def __init__(self, objective: Objective, run: Run) -> None:
        """Prepare; nothing is written before `fit`."""
        self.objective = objective
        self.run = run
        self.model = objective.model
        self.optimizer = _optimizer(objective)
        self.average = Average(self.model, objective.average) if objective.average else None
        self.pace = Pace(run.budget, objective.epoch_steps, run.deadline)
        self.step = 0
        self.losses: list[float] = []  # of the epoch under way
        self.best: dict[str, torch.Tensor] | None = None
        self.best_loss: float | None = None
        self.last: dict[str, Any] = {}
        self.saved_at = 0.0

    @property
    def path(self) -> Path:
        """Say where this stage's checkpoint is kept."""
        return checkpoint_path(self.run.folder, self.run.stage)

    def fit(self) -> Outcome:
        """Train until the budget is used or the user stops; leave the best weights in the model."""
        if self.path.exists():
            self.restore(Checkpoint.read(self.path))
        if self.run.extension is not None:
            self.pace.extend(self.step, self.run.extension, self.run.deadline)
        self.pace.begin(self.step)
        self.save()
        self.run.announce(self.step)
        self.run.begun = True
        self.started_at, self.started_from = time.monotonic(), self.step
        while not self._ended() and not self.run.stopping:
            self._make_step()
            if self.step % self.objective.epoch_steps == 0 or self._ended():
                self._end_epoch()
            if time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
                self.save()
        self.save()
        if self.losses:  # stopped in the middle of an epoch: judge what was reached, after saving,
            self._end_epoch()  # since an unbroken run would not have judged here
        self._keep_best()
        return Outcome(self.step, self._epoch(), self.best_loss, self.last)

    def _ended(self) -> bool:
        return self.pace.steps is not None and self.step >= self.pace.steps

    def _epoch(self) -> int:
        return math.ceil(self.step / self.objective.epoch_steps)

    def _make_step(self) -> None:
        objective = self.objective
        lr = self.pace.rate(objective.lr, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.model.train()
        batch = objective.batch(self.step)
        with seeded(self.run.seed, self.step, 0):  # the last number is the rank
            losses = objective.loss(batch, self.pace.progress(self.step))
            self.optimizer.zero_grad(set_to_none=True)
            losses["loss"].backward()  # type: ignore[no-untyped-call]
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), objective.clip)
            loss = float(losses["loss"].detach())
            if not math.isfinite(loss + float(norm)):
                raise self._diverged(batch)
            self.optimizer.step()
            objective.after_step(self.step)
        if self.average is not None:
            self.average.update(self.model, self.step)
        self.step += 1
        self.losses.append(loss)
        self.pace.after(self.step)
        self.run.tell_step(self.step, loss, lr, self.pace.steps, self._eta())

    def _eta(self) -> float | None:
        """Give the seconds left in this stage."""
        if self.pace.steps is None:
            return self.pace.deadline and max(0.0, self.pace.deadline - time.monotonic())
        each = (time.monotonic() - self.started_at) / max(1, self.step - self.started_from)
        return round(each * (self.pace.steps - self.step), 1)

    def _end_epoch(self) -> None:
        """Measure the held-out loss with the weights that would be kept, and tell."""
        self.model.eval()
        averaged = self.average.applied(self.model) if self.average else nullcontext()
        with averaged, torch.no_grad(), seeded(self.run.seed, -1):
            held_out = self.objective.held_out_loss()
            if held_out is not None and not math.isfinite(held_out):
                raise self._diverged(None)
            if held_out is not None and (self.best_loss is None or held_out < self.best_loss):
                self.best, self.best_loss = snapshot(self.model), held_out
        self.last = self.objective.report()
        self.run.tell_epoch(
            self.step, self._epoch(), sum(self.losses) / len(self.losses), held_out,
            lr=self.pace.rate(self.objective.lr, self.step), eta=self._eta(),
            record=self.objective.epoch, **self.last,
        )  # fmt: skip
        self.losses = []
        for message in self.objective.warnings():
            self.run.warn(message, self.step)

    def _keep_best(self) -> None:
        """Leave in the model what is saved: the best on held-out sounds, else the average."""
        if self.best is not None:
            self.model.load_state_dict(self.best)
        elif self.average is not None:
            copy_into(self.model, self.average.shadow)
        self.model.eval()

    def save(self) -> None:
        """Write the checkpoint."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {
            "model": self.model.state_dict(),
            "average": self.average.shadow if self.average else {},
            "best": self.best or {},
            "optimizer": optimizer_state(self.optimizer),
            "objective": self.objective.state(),
        }
        facts = {
            "step": self.step, "steps": self.pace.steps, "origin": self.pace.origin,
            "budget": asdict(self.pace.budget), "losses": self.losses,
            "best_loss": self.best_loss, "seed": self.run.seed,
            "fingerprint": self.run.dataset.fingerprint, "seconds": self.run.seconds,
        }  # fmt: skip
        Checkpoint(facts, tensors).write(self.path)
        self.saved_at = time.monotonic()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where a checkpoint was written, exactly.

        Raises:
            ConfigError: it is of other sounds, or of a run with another seed.
            ModelFileError: its tensors are not those of this network.
        """
        facts, own = checkpoint.facts, self.model.state_dict()
        mine = {"seed": self.run.seed, "fingerprint": self.run.dataset.fingerprint}
        if any(facts[key] != value for key, value in mine.items()):
            raise ConfigError(f"{self.path} is of another run, or of other sounds.")
        self.best = checkpoint.state("best", own) if checkpoint.tensors.get("best") else None
        self.model.load_state_dict(checkpoint.state("model", own))
        checkpoint.give_back(self.optimizer)
        if self.average is not None:
            self.average.restore(checkpoint.state("average", self.average.shadow))
        self.best_loss = facts["best_loss"]
        self.step, self.losses = facts["step"], list(facts["losses"])
        self.pace.steps, self.pace.origin = facts["steps"], facts["origin"]
        self.pace.budget = Budget(**facts["budget"])
        if self.pace.origin:  # it was extended: the run's own minutes are over
            self.pace.deadline = None
        try:
            self.objective.load_state(checkpoint.tensors.get("objective", {}))
        except (KeyError, ValueError, RuntimeError) as error:  # a backend's own way of reading
            raise checkpoint.foreign(f"objective: {error}") from error

    def _diverged(self, batch: Any) -> DivergedError:
        files = ", ".join(sorted(set(getattr(batch, "names", ())))) or "no single batch"
        return DivergedError(
            f"Training {self.run.stage} diverged at step {self.step} (batch: {files}).",
            f"Train again with --force and a smaller --lr; the last good state is {self.path}.",
        )


def _optimizer(objective: Objective) -> torch.optim.Optimizer:
    """Make AdamW (Loshchilov and Hutter 2019); vectors (norms, biases, scales) do not decay."""
    trained = [p for p in objective.model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": objective.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=objective.lr, betas=objective.betas, fused=True)
