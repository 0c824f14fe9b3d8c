"""`distill demo`: a synthetic sound pack to try things on."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from .. import arguments, values
from ..command import Command
from ..screen import current


@click.command("demo", cls=Command)
@arguments.together(
    click.argument("folder", type=values.Place(path_type=Path, file_okay=False)),
    values.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Another seed gives other sounds.",
    ),
    values.option("--force", is_flag=True, help="Replace sounds of the same names."),
    arguments.as_json,
)
def command(folder: Path, seed: int, force: bool, as_json: bool) -> None:
    """Write kicks, snares, hats, bells, plucks and pads into FOLDER, synthesised from a seed."""
    from distill_core.audio.packs import write_pack

    screen = current()
    paths = write_pack(folder, seed=seed, replace=force)
    if as_json:
        screen.data({"sounds": [str(path) for path in paths]})
    else:
        screen.text(f"Wrote {len(paths)} sounds into {folder}")
    screen.say(f"Next: distill train {shlex.quote(str(folder))} -o kit.distill")
