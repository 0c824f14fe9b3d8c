"""The `distill` command: finds the command that was typed, and imports only that."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version

import click
from distill_core.registry import environment

from . import brought
from .command import Choosing
from .exits import guarded
from .interrupts import answering
from .loudness import with_loudness
from .screen import Screen, wants_color
from .streams import open_all
from .values import option

# every built-in command and its line in --help, so that help imports none of them
COMMANDS = {
    "scan": "Report what is in a folder of sounds.",
    "train": "Train a model of your sounds.",
    "generate": "Make new sounds with a model.",
    "reconstruct": "Send sounds through a model.",
    "morph": "Go from one sound to another through a model.",
    "presets": "Keep settings with a model under names.",
    "evaluate": "Measure how good a model is, on sounds that it never heard.",
    "info": "Show what a model file says of itself.",
    "types": "List the installed model types.",
    "plugins": "List plugins, and what is wrong with them.",
    "doctor": "Check what Distill runs on, with a cure for what is wrong.",
    "demo": "Write a small synthetic sound pack to try things on.",
}
# torch and triton look through every distribution for devices that are none of ours, and could not
# be imported where only one of them has metadata that nobody can read
NO_DISCOVERY = {"TORCH_DEVICE_BACKEND_AUTOLOAD": "0", "TRITON_BACKENDS_IN_TREE": "1"}
CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "DISTILL"}


class Commands(Choosing):
    """A group whose commands are imported when they are run, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names, built-in ones first."""
        registry = environment()
        own = [claim.name for claim in brought.commands(registry, COMMANDS)]
        return [*COMMANDS, *brought.companions(registry), *own]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was typed."""
        if cmd_name in COMMANDS:
            module = import_module(f".commands.{cmd_name}", __package__)
            return with_loudness(module.command)
        registry = environment()
        companions = brought.companions(registry)
        if cmd_name in companions:
            from .commands.train_companion import make

            return with_loudness(make(companions[cmd_name].name))
        for claim in brought.commands(registry, COMMANDS):
            if claim.name == cmd_name:
                return brought.named(brought.imported(claim, registry), claim)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any (Click's own way imports them all)."""
        registry = environment()
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        for distribution, rows in brought.listed(registry, COMMANDS).items():
            with formatter.section(f"From {distribution}"):
                formatter.write_dl(rows)


@click.group(
    cls=Commands, context_settings=CONTEXT, no_args_is_help=False, invoke_without_command=True
)
@click.version_option(version("distill-cli"), prog_name="distill", message="%(prog)s %(version)s")
@option("-q", "--quiet", is_flag=True, help="Say only what was asked for, and what went wrong.")
@option("-v", "--verbose", is_flag=True, help="Say more on the way.")
@option("--no-color", is_flag=True, help="Use no colours (so does NO_COLOR).")
@click.pass_context
def main(ctx: click.Context, quiet: bool, verbose: bool, no_color: bool) -> None:
    """Train small generative models of your own sounds, and make new ones.

    Start with: distill train FOLDER -o kit.distill, then: distill generate kit.distill
    """
    screen = ctx.ensure_object(Screen)
    screen.quiet, screen.verbose, screen.color = quiet, verbose, wants_color(no_color)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run() -> None:
    """Be the `distill` command."""
    open_all()  # before anything opens a file
    for name, value in NO_DISCOVERY.items():
        os.environ.setdefault(name, value)
    screen = Screen(color=wants_color("--no-color" in sys.argv))
    with answering() as interrupts:
        code = guarded(
            lambda: main.main(prog_name="distill", obj=screen, standalone_mode=False), screen
        )
        interrupts.over = True
        sys.exit(code)
