"""-q, -v and --no-color after a command's name, where people type them too."""

from __future__ import annotations

import click

from .screen import Screen
from .values import Checked

FLAGS = {"quiet": ("-q", "--quiet"), "verbose": ("-v", "--verbose"), "plain": ("--no-color",)}


def with_loudness(command: click.Command) -> click.Command:
    """Let a command take the global flags; its help leaves them to `distill --help`."""
    taken = {param.name for param in command.params}
    for name, spelled in FLAGS.items():
        if name not in taken:
            command.params.append(
                Checked(
                    [*spelled, name], is_flag=True, hidden=True, expose_value=False, callback=_tell
                )
            )
    return command


def _tell(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Set the screen as it is told to be."""
    screen = ctx.find_object(Screen)
    if screen is None or not value:
        return
    if param.name == "plain":
        screen.color = False
    else:
        setattr(screen, str(param.name), True)
