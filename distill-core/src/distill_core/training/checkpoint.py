"""Everything a stage needs to go on, in one file that runs no code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..header import FORMAT
from ..modelfile import read_model_file, write_model_file
from ..strict import dump, parse_table

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    State = dict[str, Tensor]


@frozen
class Checkpoint:
    """The state of a stage after some step.

    Attributes:
        facts: plain values: step, epoch, steps in all, sums, seed, best loss, seconds.
        tensors: by part: model, average, best, optimizer, objective.
    """

    facts: dict[str, Any]
    tensors: dict[str, State]

    def write(self, path: Path) -> None:
        """Write it atomically; its digest tells later whether it is whole."""
        told = {"format": FORMAT, "config": "{}", "checkpoint": dump(self.facts)}
        write_model_file(path, told, self.tensors)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read it back.

        Raises:
            ModelFileError: it is cut, damaged, or something else.
        """
        file = read_model_file(path)
        facts = parse_table(file.header.told.get("checkpoint", "{}"))
        return cls(facts, {name: dict(part) for name, part in file.parts().items()})


def optimizer_state(optimizer: torch.optim.Optimizer) -> State:
    """Flatten an optimiser's tensors: "<parameter's number>.<name>"."""
    return {
        f"{index}.{name}": value
        for index, slots in optimizer.state_dict()["state"].items()
        for name, value in slots.items()
    }


def load_optimizer_state(optimizer: torch.optim.Optimizer, flat: State) -> None:
    """Give an optimiser back what `optimizer_state` took; its settings stay its own."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value.clone()
    whole = optimizer.state_dict()
    optimizer.load_state_dict({"state": state, "param_groups": whole["param_groups"]})
