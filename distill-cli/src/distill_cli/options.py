"""From controls to Click options, in two passes: the arguments tell whose knobs apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click
from attrs import frozen
from click.core import ParameterSource
from distill_core.controls import Control, controls
from distill_core.errors import BackendError, DistillError
from distill_core.model_type import ModelType
from distill_core.registry import environment

from .command import Command
from .screen import current
from .values import Checked

HELP = {"-h", "--help"}


@frozen
class Knob:
    """A control as an option: whose it is, and how it is called in this command."""

    control: Control
    type: str
    called: str  # the keyword that core knows it by
    flag: str

    @property
    def dest(self) -> str:
        """Name the Click parameter; apart from all built-in ones."""
        return f"knob_{self.flag.removeprefix('--')}".replace("-", "_")


class Kind(click.ParamType[Any]):
    """Names what a knob takes, for help; the knob's control reads it."""

    def __init__(self, name: str) -> None:
        """Take the name of the kind."""
        self.name = name


class KnobOption(Checked):
    """An option made from a knob; `heading` is the section of the help it stands in."""

    def __init__(self, knob: Knob, heading: str) -> None:
        """Make the option: nothing but what the user gives travels, so it has no default."""
        control = knob.control
        names = (
            [f"-{control.told.short}"] if control.told.short and knob.called == control.name else []
        )
        spelled = knob.flag
        if control.kind == "bool":
            spelled = f"{knob.flag}/--no-{knob.flag.removeprefix('--')}"
        super().__init__(
            [*names, spelled, knob.dest],
            type=None if control.kind == "bool" else Kind(control.kind),
            control=control,
            multiple=control.kind == "table",
            default=None,
            allow_from_autoenv=False,  # its variable is named as it is typed; see Checked
            metavar=_metavar(control),
            help=_sentence(control),
        )
        self.name: str = knob.dest
        self.knob = knob
        self.heading = heading

    def given(self, value: Any) -> Any:
        """Give the value for core, or None when the user said nothing."""
        if self.knob.control.kind == "table":
            return dict(value) if value else None
        return value


class KnobCommand(Command):
    """A command whose options depend on its other arguments.

    The first pass reads the arguments with the knobs of every installed type, so that values are
    not taken for names; `applying` then says whose knobs apply; the second pass reads with those.
    A knob of another installed type is consumed with its value and warned of.
    """

    knobs: Sequence[KnobOption] = ()  # that are read
    untold: DistillError | None = None  # why nobody can say whose knobs apply
    listed: Sequence[KnobOption] = ()  # in help: a flag that types share stands under each of them

    def applying(self, values: dict[str, Any]) -> tuple[str, list[Knob]] | None:
        """Say whose knobs apply (a name for messages, and the knobs); None when nothing tells.

        Raises:
            DistillError: whose they would be cannot be used, or is nobody; the command itself
                will say so.
        """
        return None

    def told(self, values: dict[str, Any]) -> bool:
        """Say whether the arguments name a type or model, so that help can be about that one."""
        return True

    def everyones(self) -> list[tuple[str, list[Knob]]]:
        """List every installed type's knobs, a heading each."""
        return []

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Add the knobs to the command's own options."""
        own = super().get_params(ctx)
        return [*own[:-1], *self.knobs, *own[-1:]]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments in two passes."""
        groups = self.everyones()
        named = [KnobOption(knob, heading) for heading, some in groups for knob in some]
        everyone = self._left(ctx, named)
        values = self._peek(ctx, args, everyone)
        helping = not HELP.isdisjoint(args)
        applied = self._applying(values, wanted=not helping or self.told(values))
        if helping and self.untold is not None:
            current().warn(f"Only settings of others are listed. {self.untold}")
        if applied is None:
            self.knobs, self.listed = everyone, named
            for option in everyone:
                option.judges = False  # nobody knows yet whose they are
            return self._read(ctx, args)
        heading, some = applied
        all_mine = [KnobOption(knob, f"Settings of {knob.type}") for knob in some]
        mine = self._left(ctx, all_mine)
        flags = {each.name for each in mine}
        foreign = [each for each in everyone if each.name not in flags]
        for option in foreign:
            option.hidden, option.judges = True, False
        self.knobs, self.listed = self._left(ctx, [*mine, *foreign]), mine
        rest = self._read(ctx, args)
        self._tell_of_lost(ctx, [each for each in all_mine if each not in mine])
        for option in foreign:
            if ctx.params["knobs"].pop(option.knob.called, None) is not None:
                current().warn(
                    f"{option.knob.flag} is not supported for {heading} models. Ignored."
                )
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then each type's under its heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        own = super().get_params(ctx)
        flags = self._own(ctx)
        free = (option for option in self.listed if option.knob.flag not in flags)
        for param in [*own, *free]:
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(param, "heading", "Options"), []).append(record)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def _applying(
        self, values: dict[str, Any], *, wanted: bool = True
    ) -> tuple[str, list[Knob]] | None:
        """Say whose knobs apply, where that is wanted, or remember why nobody can tell."""
        self.untold = None
        try:
            return self.applying(values) if wanted else None
        except DistillError as error:
            self.untold = error
            return None

    def unknown(self, ctx: click.Context, typed: str) -> Exception:
        """Say what is wrong with an option that nobody knows: of a broken backend, that it is."""
        if isinstance(self.untold, BackendError):
            return self.untold
        return super().unknown(ctx, typed)

    def _left(self, ctx: click.Context, options: Iterable[KnobOption]) -> list[KnobOption]:
        """Keep the first of each flag, after the command's own: no knob takes one of those away."""
        flags = self._own(ctx)
        left = []
        for option in options:
            if option.knob.flag in flags:
                continue
            option.opts = [flag for flag in option.opts if flag not in flags]
            option.secondary_opts = [flag for flag in option.secondary_opts if flag not in flags]
            flags.update(option.opts, option.secondary_opts)
            left.append(option)
        return left

    def _own(self, ctx: click.Context) -> set[str]:
        """Give the flags of the command's own options."""
        own = super().get_params(ctx)
        return {flag for param in own for flag in (*param.opts, *param.secondary_opts)}

    def _tell_of_lost(self, ctx: click.Context, lost: Iterable[KnobOption]) -> None:
        """Say that a flag is the command's, to someone who may have meant a type's by it.

        A backend that is older than the command's flag may have a knob of that name.
        """
        own = {flag: param for param in super().get_params(ctx) for flag in param.opts}
        for option in lost:
            param = own.get(option.knob.flag)
            if param and ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT:
                current().warn(
                    f"{option.knob.flag} is the command's own. The setting of {option.knob.type}"
                    " that is called so keeps its default here; Python can set it."
                )

    def _peek(
        self, ctx: click.Context, args: list[str], everyone: Sequence[KnobOption]
    ) -> dict[str, Any]:
        """Read what can be read, without running, complaining or asking."""
        self.knobs = everyone
        quiet = self.make_context(
            ctx.info_name, list(args), parent=ctx.parent, resilient_parsing=True, peeking=True
        )
        return quiet.params

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Make the context; a peek only parses, in Click's own way."""
        if not extra.pop("peeking", False):
            return super().make_context(info_name, args, parent, **extra)
        ctx = self.context_class(self, info_name=info_name, parent=parent, **extra)
        ctx.ignore_unknown_options = ctx.allow_extra_args = True
        with ctx.scope(cleanup=False):
            super().parse_args(ctx, args)
        return ctx

    def _read(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read for real; what the user gave for knobs becomes one table, by core's keywords."""
        rest = super().parse_args(ctx, args)
        values = {one.knob.called: one.given(ctx.params.pop(one.name, None)) for one in self.knobs}
        ctx.params["knobs"] = {name: value for name, value in values.items() if value is not None}
        return rest


def training_knobs(types: Sequence[ModelType]) -> list[Knob]:
    """List a training job's knobs: the first type's, then companions' with their names in front."""
    found = []
    for index, each in enumerate(types):
        for cls in (each.model, each.training):
            for control in controls(cls):
                bare = control.flag.removeprefix("--")
                front = "" if index == 0 else f"{each.name}_"
                flag = f"--{front}{bare}".replace("_", "-")
                found.append(Knob(control, each.name, front + control.name, flag))
    return found


def generating_knobs(each: ModelType) -> list[Knob]:
    """List the knobs that a type is played with."""
    return [Knob(one, each.name, one.name, one.flag) for one in controls(each.generating)]


def installed_types(*kinds: str) -> list[ModelType]:
    """Give the records of every installed type that works."""
    registry = environment()
    failed = registry.failures(*kinds)  # `distill plugins` tells of them
    names = dict.fromkeys(claim.name for claim in registry.named(*kinds))
    return [registry.model_type(name, *kinds) for name in names if name not in failed]


def _metavar(control: Control) -> str | None:
    """Say what a knob takes where its kind alone does not show how that is typed."""
    if control.kind == "table":
        return "NAME=VALUE"
    return "|".join(map(str, control.choices)) if control.choices else None


def _sentence(control: Control) -> str:
    """Write a knob's line of help: its sentence, range, unit and default."""
    told = control.told
    notes = []
    if told.min is not None and told.max is not None:
        notes.append(f"{told.min:g} to {told.max:g}" + (f" {told.unit}" if told.unit else ""))
    elif told.unit:
        notes.append(told.unit)
    if control.default is None:
        notes.append("default: auto")
    elif control.default != {}:
        notes.append(f"default: {control.default}")
    return f"{told.help} [{'; '.join(notes)}]" if notes else told.help
