"""Options that several commands have, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from distill_core.device import DEVICES, MOST_THREADS

from .values import Place, option

COMMANDLINE = ParameterSource.COMMANDLINE
Function = TypeVar("Function", bound=Callable[..., Any])

LARGEST_SEED = (1 << 63) - 1

data = click.argument("data", nargs=-1, required=True, type=Place(path_type=Path))
model = click.argument("model", type=Place())
out = option(
    "-o",
    "--out",
    required=True,
    type=Place(path_type=Path, file_okay=False),
    help="The folder to write to.",
)
as_json = option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
seed = option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    help="Where randomness starts; drawn and told by default.",
)
threads = option(
    "--threads", type=click.IntRange(1, MOST_THREADS), help="CPU threads to compute with."
)
device = option(
    "-d",
    "--device",
    type=click.Choice(DEVICES),
    meant={"gpu": "cuda"},
    default="auto",
    show_default=True,
    help="Where to compute; auto is CUDA where there is one, else the CPU.",
)
hold_out = option(
    "--hold-out",
    multiple=True,
    metavar="GLOB",
    help="Hold these files out instead of every tenth; may be given several times.",
)
minutes = option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Minutes for all stages together.  [default: 10]",
)
epochs = option(
    "-e", "--epochs", type=click.IntRange(min=1), help="Epochs a stage, instead of minutes."
)
steps = option("--steps", type=click.IntRange(min=1), help="Steps a stage, instead of minutes.")

BUDGET = ("minutes", "epochs", "steps")


def typed(names: Sequence[str]) -> set[str]:
    """Say which of the running command's options were typed, and not set by the environment."""
    ctx = click.get_current_context()
    return {name for name in names if ctx.get_parameter_source(name) is COMMANDLINE}


def budgeted(told: dict[str, Any], *, anew: bool = True) -> dict[str, Any]:
    """Let a budget that was typed stand for itself: the environment's is for runs without one.

    Args:
        told: a command's options.
        anew: False for a run that goes on, which has had its budget.
    """
    kept = typed(BUDGET)
    left_out = set(BUDGET) - kept if kept or not anew else set()
    return told | dict.fromkeys(left_out)


def together(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Apply several option decorators, in the order in which help shows them."""

    def decorate(function: Function) -> Function:
        for declare in reversed(options):
            function = declare(function)
        return function

    return decorate
