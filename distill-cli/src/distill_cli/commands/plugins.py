"""`distill plugins`: import each plugin in turn, and say what is broken, why, and the cure."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import click
from distill_core.claims import Claim
from distill_core.diagnosis import Broken, cure, what_happened
from distill_core.errors import BackendError
from distill_core.registry import environment

from .. import arguments, brought
from ..command import Group
from ..exits import trace
from ..interrupts import broken_off
from ..loudness import with_loudness
from ..progress import progress
from ..screen import Screen, counted, current
from ..values import option
from .plugins_new import new

STATES = {True: "ok", False: "broken"}


@click.group(
    "plugins",
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="[new NAME DIR]",
    commands={"new": with_loudness(new)},
)
@option(
    "--check",
    is_flag=True,
    help="Also let each model type learn a little, save, load and play; exit 6 if any fails.",
)
@arguments.as_json
@click.pass_context
def command(ctx: click.Context, check: bool, as_json: bool) -> None:
    """List what plugins bring, importing each in turn; a broken one is told with its cure.

    `distill plugins new` begins a plugin of your own.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_before(ctx.invoked_subcommand)
        return
    screen = current()
    claims = environment().claims
    rows = _tried(claims, screen) if check else [_row(each, _broken(each)) for each in claims]
    if as_json:
        screen.data({"plugins": rows})
    else:
        _show(rows, screen)
    failed = [row["name"] for row in rows if not row["ok"]]
    if check and failed:
        told = f"{len(failed)} of {counted(len(rows), 'plugin')}"
        raise BackendError(
            f"{told} cannot be used: {', '.join(failed)}.", "Each has its cure in the report."
        )


def _tried(claims: Sequence[Claim], screen: Screen) -> list[dict[str, Any]]:
    """Import and try each plugin, which takes seconds, and show which is tried."""
    rows = []
    with progress(screen) as shown:
        for number, claim in enumerate(claims):
            doing = f"Trying {claim.name} ({claim.distribution})"
            shown.work(number, len(claims), doing)
            if not screen.animates:
                screen.say(doing)
            rows.append(_row(claim, _broken(claim) or _failing(claim)))
            if broken_off():  # some libraries make an error of their own of a Ctrl-C
                raise KeyboardInterrupt
    return rows


def _show(rows: list[dict[str, Any]], screen: Screen) -> None:
    """Write a table for people, and what is wrong below it."""
    if not rows:
        screen.say("No plugin is installed.")
        return
    cells = [
        [
            row["name"], row["kind"], f"{row['distribution']} {row['version']}".rstrip(),
            STATES[row["ok"]],
        ]
        for row in rows
    ]  # fmt: skip
    screen.table(["name", "kind", "from", "state"], cells)
    for row in rows:
        if not row["ok"]:
            screen.text(f"{row['distribution']} ({row['name']}): {row['reason']}. {row['cure']}")


def _row(claim: Claim, broken: Broken | None) -> dict[str, Any]:
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
            if claim.owns:
                registry.owner(claim.name).check_whole()
    except BackendError as error:
        trace(error, current())
        told = Broken(error.message.rstrip("."), error.hint or "")
        return registry.broken.get(claim, told)
    return None


def _failing(claim: Claim) -> Broken | None:
    """Try a model type that can be imported, and say what it fails at, or None."""
    if not claim.owns:
        return None
    from distill_core.testing.smoke import smoke

    try:
        reason = smoke(claim)
    except OSError:  # the disk's
        raise
    except Exception as error:  # a stranger's network may be anything, and the others come next
        current().detail("".join(traceback.format_exception(error)).rstrip())
        reason = what_happened(error)
    return None if reason is None else Broken(reason.rstrip("."), cure(claim))


def _refuse_before(name: str) -> None:
    """Refuse options of `distill plugins` itself before a command of its own."""
    typed = arguments.typed(["check", "as_json"])
    if typed:
        flags = " and ".join(
            sorted({"check": "--check", "as_json": "--json"}[each] for each in typed)
        )
        raise click.UsageError(
            f"{flags} before {name} means nothing. See: distill plugins {name} --help."
        )
