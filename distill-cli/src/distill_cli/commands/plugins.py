"""`distill plugins`: import each plugin in turn, and say what is broken, why, and the cure."""

from __future__ import annotations

from typing import Any

import click
from distill_core.claims import Claim
from distill_core.errors import BackendError
from distill_core.registry import environment

from .. import arguments
from ..screen import current


@click.command("plugins")
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
                f"{r['distribution']} {r['version']}",
                "ok" if r["ok"] else "broken",
            ]
            for r in rows
        ],
    )
    for row in rows:
        if not row["ok"]:
            screen.text(f"{row['distribution']} ({row['name']}): {row['reason']}. {row['cure']}")


def _row(claim: Claim) -> dict[str, Any]:
    registry = environment()
    reason = cure = None
    try:
        if claim.kind in {"backend", "companion"}:
            registry.claim(claim.name, claim.kind)  # two rivals: neither is imported
        found = registry.load(claim)
        if claim.kind == "command" and not isinstance(found, click.Command):
            raise BackendError(
                "it is not a Click command", f"Remove it: pip uninstall {claim.distribution}."
            )
    except BackendError as error:
        broken = registry.broken.get(claim)
        reason = broken.reason if broken else error.message.rstrip(".")
        cure = broken.cure if broken else error.hint
    return {
        "name": claim.name, "kind": claim.kind, "distribution": claim.distribution,
        "version": claim.version, "ok": reason is None, "reason": reason, "cure": cure,
    }  # fmt: skip
