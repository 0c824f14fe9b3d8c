"""Everything a stage needs to go on, in one file that runs no code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..errors import ModelFileError
from ..header import CHECKPOINT, FORMAT
from ..modelfile import mismatch, read_model_file, write_model_file
from ..strict import dump, parse_table

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    State = dict[str, Tensor]

CURE = "Train anew, or remove it: a run that is not done then begins this stage again."
SLOTS = {"step", "exp_avg", "exp_avg_sq"}  # what AdamW keeps of each parameter


@frozen
class Checkpoint:
    """The state of a stage after some step.

    Attributes:
        facts: plain values, as `KINDS` lists them.
        tensors: by part: model, average, best, optimizer, objective.
        path: where it was read from, for messages.
    """

    facts: dict[str, Any]
    tensors: dict[str, State]
    path: Path | None = field(default=None, eq=False)

    def write(self, path: Path) -> None:
        """Write it atomically; its digest tells later whether it is whole."""
        told = {"format": FORMAT, "config": "{}", CHECKPOINT: dump(self.facts)}
        write_model_file(path, told, self.tensors)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read it back; every fact is there and of its kind.

        Raises:
            ModelFileError: it is cut, damaged, or something else.
            ConfigError: there is no such file.
        """
        try:
            file = read_model_file(path)
            tensors = {name: dict(part) for name, part in file.parts().items()}
            told = parse_table(file.header.told[CHECKPOINT])
        except ModelFileError as error:
            raise ModelFileError(error.message, CURE) from error
        except (KeyError, ValueError) as error:
            raise ModelFileError(f"{path} is no checkpoint of a training run.", CURE) from error
        wrong = sorted(name for name, fits in KINDS.items() if not fits(told.get(name)))
        if wrong:
            raise ModelFileError(f"{path} does not say rightly: {', '.join(wrong)}.", CURE)
        return cls(told, tensors, path)

    def state(self, part: str, like: Mapping[str, Tensor]) -> State:
        """Give a part's tensors, which must be those of `like` by name, type and shape.

        Raises:
            ModelFileError: they are not.
        """
        found = self.tensors.get(part, {})
        odd = mismatch(like, found)
        if odd is not None:
            raise self.foreign(f"{part} {odd}")
        return found

    def give_back(self, optimizer: torch.optim.Optimizer) -> None:
        """Give an AdamW back what `optimizer_state` took; its settings stay its own.

        Raises:
            ModelFileError: that was another optimiser, or of other parameters.
        """
        flat = self.tensors.get("optimizer", {})
        parameters = [each for group in optimizer.param_groups for each in group["params"]]
        state: dict[int, State] = {}
        for key, value in flat.items():
            index, _, name = key.partition(".")
            if not (index.isascii() and index.isdigit() and len(index) < 9):
                raise self.foreign(f"optimizer {key[:80]!r}")
            state.setdefault(int(index), {})[name] = value.clone()
        for number, slots in state.items():
            shapes = {name: value.shape for name, value in slots.items() if name != "step"}
            known = number < len(parameters) and set(slots) == SLOTS and not slots["step"].ndim
            if not known or any(each != parameters[number].shape for each in shapes.values()):
                raise self.foreign(f"optimizer, parameter {number}")
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})

    def foreign(self, what: str) -> ModelFileError:
        """Make the complaint that something in it is not this run's."""
        return ModelFileError(f"{self.path} is no checkpoint of this run ({what}).", CURE)


def optimizer_state(optimizer: torch.optim.Optimizer) -> State:
    """Flatten an optimiser's tensors: "<parameter's number>.<name>"."""
    return {
        f"{index}.{name}": value
        for index, slots in optimizer.state_dict()["state"].items()
        for name, value in slots.items()
    }


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and abs(value) < 1e300 and math.isfinite(value)


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(_is_number(each) for each in value)


def _is_budget(value: Any) -> bool:
    fits = {"minutes": _is_number, "epochs": _is_count, "steps": _is_count}
    return (
        isinstance(value, dict)
        and value.keys() == fits.keys()
        and all(_or_none(fits[name])(each) for name, each in value.items())
        and sum(each is not None for each in value.values()) == 1
    )


# step: made so far; steps: in all, None until known; origin: where the schedule began; budget: as
# it was asked for; losses: of the epoch under way; best_loss: on held-out clips; seconds: trained.
KINDS: dict[str, Callable[[Any], bool]] = {
    "step": _is_count, "steps": _or_none(_is_count), "origin": _is_count, "budget": _is_budget,
    "losses": _are_numbers, "best_loss": _or_none(_is_number), "seed": _is_count,
    "fingerprint": lambda value: isinstance(value, str), "seconds": _is_number,
}  # fmt: skip
