"""What plugins add to the commands: one that trains each companion, and commands of their own."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import click
from distill_core.claims import Claim
from distill_core.diagnosis import Broken, cure
from distill_core.errors import BackendError
from distill_core.registry import Registry

TRAIN = "train-"  # `distill train-<companion>` exists for each installed companion


def companions(registry: Registry) -> dict[str, Claim]:
    """List the commands that train a companion."""
    return {TRAIN + claim.name: claim for claim in registry.named("companion")}


def commands(registry: Registry, builtin: Container[str]) -> list[Claim]:
    """List the commands that plugins bring, but for those that can never be run."""
    taken = companions(registry)
    found = registry.named("command")
    return [c for c in found if c.name not in builtin and c.name not in taken]


def shadowed(claim: Claim, registry: Registry, builtin: Container[str]) -> Broken | None:
    """Say which command stands before one that a plugin brings, or None."""
    if claim.name in builtin:
        before = "Distill has a command of that name"
    elif claim.name in companions(registry):
        before = f"{companions(registry)[claim.name].distribution} brings a command of that name"
    else:
        return None
    return Broken(f"it cannot be run: {before}", cure(claim))


def listed(registry: Registry, builtin: Container[str]) -> dict[str, list[tuple[str, str]]]:
    """List names and sentences for --help, by distribution."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for name, claim in companions(registry).items():
        line = (name, f"Train a {claim.name} into a model file.")
        rows.setdefault(claim.distribution, []).append(line)
    for claim in commands(registry, builtin):
        rows.setdefault(claim.distribution, []).append((claim.name, claim.summary))
    return rows


def imported(claim: Claim, registry: Registry) -> click.Command:
    """Import a plugin's command.

    Raises:
        BackendError: it is broken, two distributions bring it, or it is no command.
    """
    found = registry.load(claim)
    if not isinstance(found, click.Command):
        broken = Broken(f"{claim.value} is not a Click command", cure(claim))
        registry.broken[claim] = broken
        raise BackendError(f"{claim.distribution} is broken: {broken.reason}.", broken.cure)
    return found


def named(command: click.Command, claim: Claim) -> click.Command:
    """Let what fails in a plugin's command be told in the plugin's name."""
    for method in ("make_context", "invoke"):
        if method not in vars(command):  # asked for a second time
            setattr(command, method, _blaming(getattr(command, method), claim))
    return command


def _blaming(run: Callable[..., Any], claim: Claim) -> Callable[..., Any]:
    def blamed(*args: Any, **told: Any) -> Any:
        from distill_core.asking import blaming

        with blaming(f"distill {claim.name}", lambda _: claim):
            try:
                return run(*args, **told)
            except (click.ClickException, click.Abort) as own:
                passed: BaseException = own
            except (click.exceptions.Exit, SystemExit) as end:
                passed = SystemExit(_exit_code(end))  # Click would forget its own
        raise passed

    return blamed


def _exit_code(end: click.exceptions.Exit | SystemExit) -> int:
    """Read what a command ends with, as Python does: a sentence is told, and means 1."""
    code = end.exit_code if isinstance(end, click.exceptions.Exit) else end.code
    if code is None or isinstance(code, int):
        return code or 0
    click.echo(code, err=True)
    return 1
