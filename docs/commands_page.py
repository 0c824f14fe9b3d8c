"""Make commands.md: the help of each command, and tables of the built-in types' settings."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import click
from distill_core import claims, controls, reserved
from distill_core.model_type import ModelType

ROOT = Path(__file__).parents[1]
OPENING = """# Commands

What each command's `--help` says, with the model types that come with Distill. With others
installed their settings are listed as well; with `--type` or a model only those that apply.
"""
ROLES = {
    "model": "What shapes its weights (`distill train`)",
    "training": "How it learns (`distill train`)",
    "generating": "How it plays (`distill generate`)",
}
JOBS = {
    "model and training": reserved.RESERVED[reserved.TRAINING],
    "model and training, of a companion": reserved.RESERVED[reserved.COMPANION],
    "generating": reserved.RESERVED[reserved.GENERATING],
}


class Declared(Distribution):
    """A distribution of ours, as its pyproject.toml says, whatever is installed."""

    def __init__(self, project: dict[str, Any]) -> None:
        """Take the table `project`."""
        self.project = project

    def read_text(self, filename: str) -> str | None:
        """Spell it as an installed distribution's files do."""
        told = self.project
        if filename == "METADATA":
            named = f"Name: {told['name']}\nVersion: {told['version']}\n"
            return f"Metadata-Version: 2.1\n{named}Summary: {told['description']}\n"
        if filename == "entry_points.txt":
            groups = told.get("entry-points", {})
            return "".join(
                f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
                for group, points in groups.items()
            )
        return None

    def locate_file(self, path: Any) -> Path:
        """Be nowhere; nothing here is looked for."""
        return ROOT / str(path)


def page() -> str:
    """Write the page; no plugin but our own is seen meanwhile, whatever is installed."""
    files = sorted(ROOT.glob("distill-*/pyproject.toml"))
    projects = [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]
    claims.distributions = lambda **_: iter([Declared(each) for each in projects])  # type: ignore[assignment]
    return "\n".join([OPENING, *_commands(), *_types(), *_reserved()])


def _commands() -> Iterator[str]:
    from distill_cli.main import main

    for words in _reached(main):
        yield f"## {' '.join(['distill', *words])}\n\n```text\n{_help(words)}\n```\n"


def _reached(command: click.Command | None, *words: str) -> Iterator[tuple[str, ...]]:
    """Give the words of a command and of all commands below it."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from _reached(command.get_command(context, name), *words, name)


def _help(words: tuple[str, ...]) -> str:
    from distill_cli.main import main
    from distill_cli.screen import Screen

    out = io.StringIO()
    with redirect_stdout(out):
        main.main([*words, "--help"], "distill", obj=Screen(color=False), standalone_mode=False)
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def _types() -> Iterator[str]:
    from distill_core.registry import environment

    registry = environment()
    yield "## Settings of the built-in types\n"
    yield (
        "In Python, and in files, a setting has its field's name. A companion's settings carry its"
        " name in front\nwhen it is trained with its host (`--prior-dropout`), and none in a"
        " command of its own.\n"
    )
    for claim in registry.named("backend", "companion"):
        yield from _type(registry.model_type(claim.name), claim.kind)


def _type(each: ModelType, kind: str) -> Iterator[str]:
    yield f"### {each.name}\n"
    yield f"{each.summary} ({kind}, version {each.versions[-1]} in the file)\n"
    for role, title in ROLES.items():
        rows = [_row(one) for one in controls.controls(getattr(each, role))]
        if rows:
            yield f"{title}:\n"
            yield _table(("setting", "option", "type", "default", "range", "what it is"), rows)


def _row(one: controls.Control) -> tuple[str, ...]:
    told = one.told
    short = f"`-{told.short}`, " if told.short else ""
    kind = "\\|".join(map(str, one.choices)) if one.choices else one.kind
    default = "automatic" if one.default is None else f"`{one.default}`"
    return (f"`{one.name}`", f"{short}`{one.flag}`", kind, default, _range(told), told.help)


def _range(told: Any) -> str:
    ends = [f"{end:g}" if end is not None else "" for end in (told.min, told.max)]
    low, high = ends
    said = f"{low} to {high}" if all(ends) else f"from {low}" if low else f"to {high}" * bool(high)
    return f"{said} {told.unit}".strip() if told.unit else said


def _reserved() -> Iterator[str]:
    yield "## Options that commands own\n"
    yield "No setting of a model type may have one of these; some are kept for later.\n"
    rows = [(job, ", ".join(f"`{each}`" for each in _sorted(own))) for job, own in JOBS.items()]
    yield _table(("settings of", "options"), rows)


def _sorted(flags: Iterable[str]) -> list[str]:
    return sorted(flags, key=lambda each: (each.lstrip("-"), each))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
