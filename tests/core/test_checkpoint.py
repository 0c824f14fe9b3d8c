"""A checkpoint is this run's and whole, or the run says what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from distill_core.errors import ModelFileError
from distill_core.modelfile import write_model_file
from distill_core.training.checkpoint import Checkpoint, optimizer_state

from ..mutations import crafted, damaged, put

FACTS: dict[str, Any] = {
    "step": 7, "steps": 20, "origin": 0, "budget": {"minutes": None, "epochs": None, "steps": 20},
    "losses": [1.5, 1], "best_loss": None, "seed": 3, "fingerprint": "f", "seconds": 1.5,
}  # fmt: skip
CRAFTED = 1500


@pytest.fixture
def network() -> torch.nn.Linear:
    """Build something with parameters."""
    return torch.nn.Linear(3, 2)


@pytest.fixture
def optimizer(network: torch.nn.Linear) -> torch.optim.Optimizer:
    """Make an optimiser that has a state."""
    made = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    made.step()
    return made


@pytest.fixture
def saved(
    tmp_path: Path, network: torch.nn.Linear, optimizer: torch.optim.Optimizer
) -> Iterator[Path]:
    """Write a checkpoint as the training loop does."""
    path = tmp_path / "a.checkpoint"
    parts = {"model": network.state_dict(), "optimizer": optimizer_state(optimizer), "best": {}}
    Checkpoint(FACTS, parts).write(path)
    return path


def rewritten(path: Path, **changes: Any) -> Path:
    """Write the facts otherwise, with a digest that is right; None removes one."""
    kept = Checkpoint.read(path)
    facts = {key: value for key, value in (kept.facts | changes).items() if value != "gone"}
    Checkpoint(facts, kept.tensors).write(path)
    return path


def test_it_comes_back_as_it_was(saved: Path, network: torch.nn.Linear) -> None:
    """Going on must be going on."""
    kept = Checkpoint.read(saved)
    assert kept.facts == FACTS
    state = kept.state("model", network.state_dict())
    assert all(torch.equal(state[name], each) for name, each in network.state_dict().items())
    fresh = torch.optim.AdamW(torch.nn.Linear(3, 2).parameters())
    kept.give_back(fresh)
    assert optimizer_state(fresh).keys() == kept.tensors["optimizer"].keys()


def test_damage_and_cuts_are_refused_with_what_to_do(saved: Path) -> None:
    """A disk that filled up, a machine that went down."""
    whole = saved.read_bytes()
    bends = [damaged(whole, number) for number in range(300)]
    bends += [whole[:length] for length in range(0, len(whole), 7)]
    for bent in bends:
        if bent != whole:
            put(saved, bent)
            with pytest.raises(ModelFileError, match="Train anew, or remove it"):
                Checkpoint.read(saved)


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ("step", -1), ("step", 1.0), ("step", True), ("step", "7"), ("step", "gone"),
        ("step", 1 << 64), ("steps", "many"), ("steps", -3), ("origin", None), ("losses", None),
        ("losses", [1, "2"]), ("losses", {"a": 1}), ("best_loss", "low"), ("best_loss", False),
        ("seed", None), ("seed", "gone"), ("fingerprint", 5), ("fingerprint", "gone"),
        ("seconds", []), ("budget", [1]), ("budget", {"hours": 1}), ("budget", {"steps": "x"}),
    ],
)  # fmt: skip
def test_a_fact_of_the_wrong_kind_is_named(saved: Path, wrong: str, value: Any) -> None:
    """A digest says only that the file is as it was made."""
    rewritten(saved, **{wrong: value})
    with pytest.raises(ModelFileError, match=rf"rightly: {wrong}\..*Train anew"):
        Checkpoint.read(saved)


def test_every_wrong_fact_is_named_at_once(saved: Path) -> None:
    """One round is enough to see that nothing is to be saved."""
    rewritten(saved, seed=None, step="x", losses="y")
    with pytest.raises(ModelFileError, match="losses, seed, step"):
        Checkpoint.read(saved)


@pytest.mark.parametrize(
    "budget", [{}, {"minutes": None, "epochs": None, "steps": None}, {"steps": 3}, 7]
)
def test_a_budget_that_would_never_end_is_refused(saved: Path, budget: object) -> None:
    """Without one the resumed stage would train for ever."""
    with pytest.raises(ModelFileError, match="budget"):
        Checkpoint.read(rewritten(saved, budget=budget))


def test_a_model_file_is_no_checkpoint(tmp_path: Path) -> None:
    """Someone copied the wrong file back."""
    path = tmp_path / "a.checkpoint"
    write_model_file(path, {"config": "{}"}, {"toy": {"w": torch.ones(1)}})
    with pytest.raises(ModelFileError, match="no checkpoint of a training run"):
        Checkpoint.read(path)
    path.write_bytes(b"PK\x03\x04" + b"x" * 99)
    with pytest.raises(ModelFileError, match="Incompatible model format"):
        Checkpoint.read(path)


def test_another_networks_weights_are_refused(saved: Path) -> None:
    """A name, a shape or a type that is not this run's: torch would say it in fifty lines."""
    kept = Checkpoint.read(saved)
    for like in (
        torch.nn.Linear(3, 3), torch.nn.Linear(3, 2, bias=False), torch.nn.Linear(3, 2).double(),
        torch.nn.Sequential(torch.nn.Linear(3, 2)),
    ):  # fmt: skip
        with pytest.raises(ModelFileError, match=r"no checkpoint of this run \(model .*Train anew"):
            kept.state("model", like.state_dict())
    with pytest.raises(ModelFileError, match="objective"):
        kept.state("objective", {"counted": torch.ones(1)})


@pytest.mark.parametrize(
    "change",
    [
        {"0.exp_avg": torch.ones(9)}, {"0.exp_avg": torch.ones(3, 2)}, {"0.more": torch.ones(2, 3)},
        {"0.step": torch.ones(2)}, {"7.step": torch.ones(())}, {"x.step": torch.ones(())},
        {"\u00b2.step": torch.ones(())}, {"0": torch.ones(())}, {"0.exp_avg": None},
    ],
)  # fmt: skip
def test_another_optimisers_state_is_refused(
    saved: Path, optimizer: torch.optim.Optimizer, change: dict[str, torch.Tensor | None]
) -> None:
    """AdamW would stumble over it only in the midst of its next step."""
    kept = Checkpoint.read(saved)
    state = kept.tensors["optimizer"] | change
    told = {name: each for name, each in state.items() if each is not None}
    before = optimizer_state(optimizer)
    with pytest.raises(ModelFileError, match="optimizer"):
        Checkpoint(kept.facts, {"optimizer": told}, saved).give_back(optimizer)
    assert optimizer_state(optimizer).keys() == before.keys()


def test_a_crafted_checkpoint_is_refused_or_goes_on(
    saved: Path, network: torch.nn.Linear, optimizer: torch.optim.Optimizer
) -> None:
    """With a right digest nothing but our refusal may come, until the network is restored."""
    whole, refused = saved.read_bytes(), 0
    for number in range(CRAFTED):
        put(saved, crafted(whole, number))
        try:
            kept = Checkpoint.read(saved)
            network.load_state_dict(kept.state("model", network.state_dict()))
            kept.give_back(optimizer)
        except ModelFileError:
            refused += 1
    assert 0.1 < refused / CRAFTED < 0.99
