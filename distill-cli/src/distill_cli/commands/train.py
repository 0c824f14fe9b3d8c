"""`distill train`: from a folder of sounds to a model file."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click
from distill_core.header import read_header
from distill_core.model_type import ModelType
from distill_core.registry import environment

from .. import arguments, values
from ..interrupts import stoppable
from ..options import Knob, KnobCommand, installed_types, training_knobs
from ..progress import progress
from ..screen import current, seconds


class Train(KnobCommand):
    """Knows the knobs of a training job."""

    def applying(self, values: dict[str, Any]) -> tuple[str, list[Knob]] | None:
        """Find the type, and the companions that will be trained with it."""
        types = stages(values.get("model_type"), bool(values.get("only")))
        return types[0].name, training_knobs(types)

    def unknown(self, ctx: click.Context, typed: str) -> Exception:
        """Tell of a companion that cannot be used, when the option is one of its own."""
        for name, error in environment().failures("companion").items():
            if typed.startswith(f"--{name}-".replace("_", "-")):
                return error
        return super().unknown(ctx, typed)

    def told(self, values: dict[str, Any]) -> bool:
        """Say whether --type was given."""
        return values.get("model_type") is not None

    def everyones(self) -> list[tuple[str, list[Knob]]]:
        """List every backend's knobs and every companion's."""
        registry, groups = environment(), []
        for each in installed_types("backend"):
            knobs = training_knobs([each, *registry.companions(each)])
            for name in dict.fromkeys(knob.type for knob in knobs):
                groups.append((f"Settings of {name}", [k for k in knobs if k.type == name]))
        return groups


def stages(model_type: str | None, only: bool) -> list[ModelType]:
    """List the types a job trains: the one named (or the default), and companions that fit it."""
    registry = environment()
    chosen = registry.default_type() if model_type is None else model_type
    first = registry.model_type(chosen, "backend")
    return [first] if only else [first, *registry.companions(first)]


@click.command("train", cls=Train)
@arguments.together(
    click.argument("data", nargs=-1, type=values.Place(path_type=Path)),
    values.option(
        "-o",
        "--out",
        type=values.Place(path_type=Path),
        help="The model file to write; by default it goes into the library.",
    ),
    values.option(
        "--type",
        "model_type",
        help="The model type; see: distill types.  [default: the highest-ranking]",
    ),
    values.option("--name", help="The model's name.  [default: the file's]"),
    arguments.minutes,
    arguments.epochs,
    arguments.steps,
    values.option("--only", is_flag=True, help="Train the first stage only, no companion."),
    arguments.device,
    arguments.threads,
    arguments.seed,
    arguments.hold_out,
    values.option("--force", is_flag=True, help="Replace an existing model file and its run."),
    values.option(
        "--resume",
        "run",
        type=values.Place(),
        metavar="RUN",
        help="Go on with a run that was stopped, exactly; its folder knows the rest. With"
        " --minutes, --epochs or --steps: go on for that much longer.",
    ),
    arguments.as_json,
)
def command(
    knobs: dict[str, Any], data: tuple[Path, ...], run: str | None, as_json: bool, **told: Any
) -> None:
    """Train a model of the sounds in DATA (folders, read recursively, or files).

    When a companion that fits is installed it is trained too, so that `generate` works next.
    Ctrl-C saves what was trained until then; --resume goes on with it.
    """
    screen = current()
    if run is not None:
        _refuse_all_but_a_budget()
        from distill_core.training.resume import resume  # torch

        told = arguments.budgeted(told, anew=False)
        job = partial(resume, run, **{name: told[name] for name in arguments.BUDGET})
    else:
        from distill_core.training.settings import sort

        if not data:
            raise click.UsageError("No folder of sounds was given: distill train FOLDER.")
        sort(stages(told["model_type"], told["only"]), knobs, flags=True)
        from distill_core.training.train import train  # torch, once settings are known to be right

        job = partial(train, list(data), **arguments.budgeted(told), **knobs)
    drawn = run is None and told["seed"] is None
    with stoppable() as cancel, progress(screen, drawn=drawn) as show:
        done = job(
            cancel=cancel, on_open=show.read,
            on_event=(lambda event: screen.line(event.as_json())) if as_json else show,
        )  # fmt: skip
    finish(done, as_json)


def _refuse_all_but_a_budget() -> None:
    """A run that goes on knows everything but how much longer."""
    ctx = click.get_current_context()
    free = {*arguments.BUDGET, "run", "as_json"}
    given = [
        param
        for param in ctx.command.get_params(ctx)
        if arguments.typed([str(param.name)]) and param.name not in free and param.expose_value
    ]
    if given:
        named = ", ".join("DATA" if each.name == "data" else each.opts[-1] for each in given)
        raise click.UsageError(
            f"--resume takes all but a budget from the run: leave out {named}, or train anew."
        )


def finish(done: Any, as_json: bool) -> None:
    """Say what came out, repeat the warnings, and name the natural next command."""
    screen = current()
    for message in done.warnings:
        screen.detail(f"Warned on the way: {message}")
    if done.went_on:
        screen.say(f"Done in {seconds(done.seconds)}. The run is in {done.folder}")
    else:
        screen.say(f"The run in {done.folder} has ended; --minutes 5 makes it that much longer.")
    if not as_json:
        screen.text(str(done.model))
    screen.say(f"Next: {_next_command(done.model)}")


def _next_command(model: Path) -> str:
    """Name what is natural after training: playing, or training what plays."""
    registry, header = environment(), read_header(model)
    path = shlex.quote(str(model))
    kind = registry.model_type(str(header.model_type), "backend")
    missing = [each for each in registry.companions(kind) if each.plays]
    if kind.plays or any(header.has(each.name) for each in missing):
        return f"distill generate {path} --count 8"
    if missing:
        return f"distill train-{missing[0].name} {path} DATA"
    return f"distill reconstruct {path} FILE -o again"
