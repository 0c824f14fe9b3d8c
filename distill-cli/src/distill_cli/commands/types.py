"""`distill types`: what is installed, from package metadata only."""

from __future__ import annotations

import os

import click
from distill_core.claims import NARROW
from distill_core.registry import environment

from .. import arguments
from ..command import Command
from ..screen import current


@click.command("types", cls=Command)
@arguments.as_json
def command(as_json: bool) -> None:
    """List the installed model types and who brings them; nothing is imported."""
    screen = current()
    found = environment().named("backend", "companion")
    if as_json:
        rows = [
            {
                "name": c.name,
                "distribution": c.distribution,
                "version": c.version,
                "summary": c.summary,
            }
            for c in found
        ]
        screen.data({"types": rows})
        return
    if not found:
        narrow = os.environ.get(NARROW)
        told = f"{NARROW} is {narrow!r}, which leaves no model type. Unset it."
        screen.say("No model type is installed." if narrow is None else told)
        return
    screen.table(
        ["type", "kind", "from", "what it is"],
        [[c.name, c.kind, f"{c.distribution} {c.version}", c.summary] for c in found],
    )
