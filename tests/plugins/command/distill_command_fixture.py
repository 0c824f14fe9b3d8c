"""A command of a stranger's."""

import click


@click.command("whisper")
@click.argument("word")
def whisper(word):
    """Say a word quietly."""
    click.echo(f"({word})")
