"""What a backend supplies to the training loop: batches, their loss, what to watch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ..events import EpochMetrics

if TYPE_CHECKING:
    from torch import Tensor, nn


class Objective(ABC):
    """One network's way of learning, driven by the loop step by step.

    Everything random must come from torch's global generator (which the loop seeds from seed and
    step) or be a pure function of the step, and everything that resuming needs must be a tensor
    in the model's `state_dict` or in `state`.

    Attributes:
        model: the network that is trained.
        lr: peak learning rate.
        weight_decay: of AdamW, on matrices only.
        betas: of AdamW.
        epoch_steps: steps per epoch.
        average: decay of the weights' moving average that is played and saved, or None.
        clip: largest norm of the gradient.
        epoch: the event record; its own fields are filled from `report`.
    """

    model: nn.Module
    lr: float
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.99)
    epoch_steps: int
    average: float | None = None
    clip: float = 1.0
    epoch: type[EpochMetrics] = EpochMetrics

    @abstractmethod
    def batch(self, step: int) -> Any:
        """Give the batch of a step: a pure function of (seed, step)."""

    @abstractmethod
    def loss(self, batch: Any, progress: float) -> dict[str, Tensor]:
        """Give the losses of a batch; "loss" is minimised. `progress` goes from 0 to 1."""

    def after_step(self, step: int) -> None:
        """Do what must happen between steps (annealing, codebook revival)."""
        del step

    def held_out_loss(self) -> float | None:
        """Give the loss on held-out files, None without any. The network is in eval mode."""
        return None

    def report(self) -> dict[str, Any]:
        """Give the fields that `epoch` adds, and start counting anew."""
        return {}

    def warnings(self) -> list[str]:
        """Give sentences, each with its cause and cure; each is told once a stage."""
        return []

    def state(self) -> dict[str, Tensor]:
        """Give what resuming needs beyond the model's own state."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        del state
