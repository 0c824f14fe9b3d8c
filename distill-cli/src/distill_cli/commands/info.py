"""`distill info`: what a model file says of itself, without torch."""

from __future__ import annotations

from typing import Any

import click
from distill_core.header import HAS, Header, read_header
from distill_core.library import find
from distill_core.registry import environment

from .. import arguments
from ..command import Command
from ..learnt import learnt_lines, preset_names
from ..screen import counted, current, seconds

WHOLE = ("version", "sample_rate", "channels")
TABLES = ("config", "training", "companions", "extras", "presets")


@click.command("info", cls=Command)
@arguments.together(arguments.model, arguments.as_json)
def command(model: str, as_json: bool) -> None:
    """Show what MODEL (a path, a name or an id) says of itself.

    Only the header is read: the weights' digest is checked when the model is loaded.
    """
    header = read_header(find(model))
    told = described(header)  # read whole before anything is shown
    if as_json:
        current().data(told)
    else:
        _show(header)


def described(header: Header) -> dict[str, Any]:
    """Give the header as plain data: numbers, booleans and tables where it holds such."""
    found: dict[str, Any] = dict(header.told)
    for key in WHOLE:
        found[key] = getattr(header, key)
    for key in TABLES:
        found[key] = header.table(key)
    companions = {claim.name for claim in environment().named("companion")} | set(header.companions)
    for name in sorted(companions):
        found[HAS + name] = header.has(name)
    return found | {"bytes": header.size, "parts": header.parts}


def _show(header: Header) -> None:
    training = header.training
    title = f"{header.name}: {header.model_type} {header.version}, {header.size / 1e6:.1f} MB"
    _line(title)
    _line(f"  file        {header.path}")
    _line(f"  id          {header.id}")
    _line(f"  made        {header.told.get('created', '?')} by {header.told.get('backend', '?')}")
    _line(f"  sound       {header.sample_rate} Hz, {counted(header.channels, 'channel')}")
    if "clips" in training:
        held = training.get("held_out")
        count = len(held) if isinstance(held, list) else 0
        clips = counted(training["clips"], "clip")
        _line(f"  learnt from {clips}, {count} of them held out")
    names = preset_names(header)
    if names:
        _line(f"  presets     {', '.join(names)}")
    own = str(header.model_type)
    _show_part(own, header.config, training, header.extras.get(own))
    for name, told in header.companions.items():
        _show_part(name, _table(told, "config"), _table(told, "training"), header.extras.get(name))
    current().say("The header was read; the digest is checked when the model is loaded.")


def _show_part(name: str, config: dict[str, Any], training: dict[str, Any], extras: Any) -> None:
    _line(f"  {name}")
    chosen = _table(training, "automatic")
    told = (f"{key} {value}{' (auto)' * (key in chosen)}" for key, value in config.items())
    _line(f"    config    {', '.join(told)}")
    loss, spent = training.get("held_out_loss"), training.get("seconds")
    judged = f", held-out loss {loss:.4f}" if isinstance(loss, float) else ""
    took = f", {seconds(spent)}" if isinstance(spent, float) else ""
    if "steps" in training:
        steps = counted(training["steps"], "step")
        epochs = counted(training.get("epochs_trained", "?"), "epoch")
        _line(f"    training  {steps}, {epochs}{took}{judged}")
    for line in learnt_lines(extras):
        _line(f"    {line}")


def _table(told: Any, key: str) -> dict[str, Any]:
    """Give a table of a companion's record, which a stranger may have written."""
    found = told.get(key) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _line(text: str) -> None:
    """Show one line, which nothing that a stranger wrote into a header makes two."""
    current().text(text.replace("\n", " "))
