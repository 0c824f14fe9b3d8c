"""`distill plugins`: import each plugin in turn, and say what is broken, why, and the cure."""

from __future__ import annotations

from typing import Any

import click
from distill_core.claims import Claim
from distill_core.diagnosis import Broken
from distill_core.errors import BackendError
from distill_core.registry import environment

from .. import arguments, brought
from ..command import Command
from ..exits import trace
from ..screen import current


@click.command("plugins", cls=Command)
@arguments.as_json
def command(as_json: bool) -> None:
    """List what plugins bring, importing each in turn; a broken one is told with its cure."""
    screen = current()
    rows = [_row(claim) for claim in environment().claims]
    if as_json:
        screen.data({"plugins": rows})
        return
    if not rows:
        screen.say("No plugin is installed.")
        return
    screen.table(
        ["name", "kind", "from", "state"],
        [
            [
                r["name"],
                r["kind"],
                f"{r['distribution']} {r['version']}".rstrip(),
                "ok" if r["ok"] else "broken",
            ]
            for r in rows
        ],
    )
    for row in rows:
        if not row["ok"]:
            screen.text(f"{row['distribution']} ({row['name']}): {row['reason']}. {row['cure']}")


def _row(claim: Claim) -> dict[str, Any]:
    broken = _broken(claim)
    return {
        "name": claim.name, "kind": claim.kind, "distribution": claim.distribution,
        "version": claim.version, "ok": broken is None,
        "reason": broken and broken.reason, "cure": broken and broken.cure,
    }  # fmt: skip


def _broken(claim: Claim) -> Broken | None:
    """Import a plugin and say what is wrong with it, or None."""
    from ..main import COMMANDS  # which imports the commands

    registry = environment()
    try:
        if claim.kind == "command":
            hidden = brought.shadowed(claim, registry, COMMANDS)
            if hidden is not None:
                return hidden
            brought.imported(claim, registry)
        else:
            registry.load(claim)  # of two rivals neither is imported
    except BackendError as error:
        trace(error, current())
        told = Broken(error.message.rstrip("."), error.hint or "")
        return registry.broken.get(claim, told)
    return None
