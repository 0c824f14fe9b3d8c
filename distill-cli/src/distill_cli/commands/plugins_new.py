"""`distill plugins new`: the first files of a backend, which work and pass its tests at once."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
from distill_core.registry import environment

from .. import arguments, values
from ..command import Command
from ..screen import counted, current


@click.command("new", cls=Command)
@arguments.together(
    click.argument("name"),
    click.argument("folder", metavar="DIR", type=values.Place(path_type=Path, file_okay=False)),
    arguments.as_json,
)
def new(name: str, folder: Path, as_json: bool) -> None:
    """Begin a backend of your own: write a small, whole one into DIR.

    NAME is its model type; DIR is a folder that is new or empty. It can be installed at once,
    learns, plays, and passes the tests that every backend must pass. Make it your own from there.
    """
    from ..scaffold.naming import Names, refuse_taken
    from ..scaffold.writing import write_scaffold

    screen = current()
    names = Names.of(name)
    refuse_taken(names, environment())
    paths = write_scaffold(names, folder)
    if as_json:
        screen.data({"files": [str(path) for path in paths]})
    else:
        screen.text(f"Wrote {names.distribution} into {folder}: {counted(len(paths), 'file')}")
    place = os.path.join(os.curdir, folder)  # noqa: PTH118 - pip takes it for a path by its ./
    test = shlex.quote(f"{place}[test]")
    screen.say(f"Next: pip install -e {test} && pytest {shlex.quote(place)}")
