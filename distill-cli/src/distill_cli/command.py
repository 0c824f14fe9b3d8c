"""What every command of ours does: tell all that is wrong at once, and keep stdout for data."""

from __future__ import annotations

from contextlib import nullcontext, redirect_stdout
from typing import Any

import click
from distill_core.errors import near, nearest

from .screen import current
from .values import Checked, faults, leave


class Judging(click.Command):
    """Reads arguments so that all wrong values make one error, and says what was meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; all wrong values make one error."""
        rest: list[str] = []
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise self.unknown(ctx, error.option_name) from error
        except click.BadParameter as error:
            if error.param is None or ctx.resilient_parsing:
                raise
            leave(ctx, _told(error, error.param))
        found = dict.fromkeys(faults(ctx))
        if found and not ctx.resilient_parsing:
            raise click.UsageError(f"{'; '.join(found)}.")
        return rest

    def unknown(self, ctx: click.Context, typed: str) -> Exception:
        """Say that there is no such option, and which was meant."""
        flags = {flag.lstrip("-"): flag for param in self.get_params(ctx) for flag in param.opts}
        bare = typed.lstrip("-")
        akin = [each for each in flags if _differ_by_a_name(each, bare)]
        meant = akin[0] if akin else near(bare, flags)
        question = f" Did you mean {flags[meant]}?" if meant else ""
        return click.UsageError(
            f"There is no option {typed}.{question} See: {ctx.command_path} --help."
        )


class Command(Judging):
    """A command of ours: what it writes to stdout is data, and nothing else comes there."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the arguments; what --help says is data, also within a group that keeps stdout."""
        out = current().out if click.get_current_context(silent=True) else None
        with nullcontext() if out is None else redirect_stdout(out):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run, with stdout for data alone."""
        with current().keeping_stdout():
            return super().invoke(ctx)


class Choosing(Judging, click.Group):
    """A group that suggests the nearest command for one that is not there."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed."""
        if args and args[0] not in self.list_commands(ctx):
            known = nearest(args[0], self.list_commands(ctx))
            raise click.UsageError(
                f"There is no command {args[0]!r}.{known} See: {ctx.command_path} --help."
            )
        return super().resolve_command(ctx, args)


class Group(Choosing, Command):
    """A command of ours that does something by itself, and has commands of its own."""


def _differ_by_a_name(one: str, other: str) -> bool:
    """Say whether one has a type's name in front that the other lacks, as x-heads and heads."""
    return one.endswith(f"-{other}") or other.endswith(f"-{one}")


def _told(error: click.BadParameter, param: click.Parameter) -> str:
    """Say what is wrong with an argument, in the manner of options."""
    name = param.flag if isinstance(param, Checked) else param.human_readable_name
    if isinstance(error, click.MissingParameter):
        return f"{name} is missing"
    return f"{name}: {error.message.rstrip('.')}"
