"""Commands that cannot be run, and some that fail when they are."""

import sys

import click

nothing = "not a command"


@click.command("command")
def command():
    """Never be run."""
    raise AssertionError("a command that stands behind another was run")


@click.command("stumble")
def stumble():
    """Fail."""
    raise LookupError("nothing to stumble over")


@click.command("farewell")
def farewell():
    """Quit as scripts do."""
    sys.exit(3)
