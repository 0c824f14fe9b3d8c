"""`distill presets`: the named settings of a model file, listed and removed; saving is beside."""

from __future__ import annotations

import click
from distill_core.errors import BackendError
from distill_core.header import Header, read_header
from distill_core.library import find
from distill_core.playing import playing_type
from distill_core.presets import presets_in
from distill_core.registry import environment

from .. import arguments
from ..command import Command, Group
from ..loudness import with_loudness
from ..plain import cut, settings_line
from ..screen import current
from .presets_save import save


@click.command("list", cls=Command)
@arguments.together(arguments.model, arguments.as_json)
def list_(model: str, as_json: bool) -> None:
    """List the presets of MODEL (a path, a name or an id).

    Those of the source "data" were made by the training, those of "user" were saved.
    """
    header = read_header(find(model))
    found = presets_in(header, _parts(header))
    screen = current()
    if as_json:
        rows = [
            {"name": each.name, "source": each.source, "settings": dict(each.settings)}
            for each in found
        ]
        screen.data({"presets": rows})
    elif found:
        cells = [[cut(each.name), each.source, settings_line(each.settings)] for each in found]
        screen.table(["name", "source", "settings"], cells)
    else:
        screen.say(f"{header.name} has no presets. Save one: distill presets save.")


@click.command("remove", cls=Command)
@arguments.together(arguments.model, click.argument("name"))
def remove(model: str, name: str) -> None:
    """Remove the preset NAME from MODEL's file.

    Of two of one name the one that was saved goes first; the one made from the data shows again.
    """
    from distill_core.preset_file import remove_preset

    path = find(model)
    gone = remove_preset(path, _parts(read_header(path)), name)
    current().text(f"Removed {name} ({gone.source}) from {path}")


@click.group(
    "presets",
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="save|list|remove MODEL",
    commands={each.name or "": with_loudness(each) for each in (save, list_, remove)},
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Keep settings with a model under names, for distill generate --preset."""
    if ctx.invoked_subcommand is None:
        raise click.UsageError("Say what to do: save, list or remove. See: distill presets --help.")


def _parts(header: Header) -> list[str]:
    """Name the part that plays; where nobody knows, what it lacks being missing, all that may."""
    try:
        return [playing_type(header, environment()).name]
    except BackendError:
        return [str(header.model_type), *header.companions]
