"""`distill presets save`: settings kept with a model, under a name."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
from distill_core.configs import by_flag
from distill_core.errors import ConfigError
from distill_core.header import read_header
from distill_core.library import find
from distill_core.model_type import ModelType
from distill_core.playing import playing_type
from distill_core.presets import checked_name, on_top, recipe_settings
from distill_core.registry import environment

from .. import arguments, values
from ..plain import settings_line
from ..screen import current
from .generate import Generate


@click.command("save", cls=Generate)
@arguments.together(
    arguments.model,
    click.argument("name"),
    values.option(
        "--from",
        "take",
        metavar="TAKE.json",
        type=values.Place(path_type=Path),
        help="Take the settings of this take's recipe; those that are given go on top.",
    ),
    values.option("--force", is_flag=True, help="Replace a preset of that name."),
)
def save(knobs: dict[str, Any], model: str, name: str, take: Path | None, force: bool) -> None:
    """Save settings of MODEL under NAME, in its file.

    The settings are those of distill generate.
    """
    from distill_core.preset_file import save_preset

    screen = current()
    checked_name(name)
    path = find(model)
    kind = playing_type(read_header(path), environment())
    if not kind.plays:
        raise ConfigError(f"{path} has nothing yet that plays, and so no settings for it.")
    given = knobs if take is None else on_top(knobs, _settings_of(take, kind))
    if not given:
        raise ConfigError(
            "There is no setting to save.", f"See: distill presets save {shlex.quote(model)} -h."
        )
    called = by_flag(kind.generating)
    kept = save_preset(path, kind, name, given, replace=force, called=called)
    screen.text(f"Saved {name} in {path}: {settings_line(kept)}")
    screen.say(f"Next: distill generate {shlex.quote(model)} --preset {shlex.quote(name)}")


def _settings_of(take: Path, kind: ModelType) -> dict[str, Any]:
    """Read the settings of a take that what plays the model made."""
    from distill_core.generating.recipe import read_recipe

    recipe = read_recipe(take)
    try:
        return recipe_settings(kind, recipe)
    except ConfigError as error:
        raise ConfigError(f"{take} has other settings than {kind.name}: {error.message}") from error
