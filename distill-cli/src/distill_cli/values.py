"""Options whose values are read strictly and judged together, in the words that core has.

What a value may be is told once: by a knob's control, or by the Click type of a common option.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from distill_core.controls import Control
from distill_core.errors import aside
from distill_core.knobs import Declaration

FAULTS = "distill.faults"  # where a context keeps what was wrong
WHOLE = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf|infinity)", re.I)
PLAIN = {type(click.INT): "int", type(click.FLOAT): "float", type(click.BOOL): "bool"}


class Checked(click.Option):
    """An option that leaves its faults with the context, so that all are told at once.

    Attributes:
        control: what its value may be, or None where only Click knows.
        meant: for words that nobody has to know, the choice to suggest.
        judges: whether a wrong value is a fault; else it is passed on as it was typed.
    """

    def __init__(
        self,
        *args: Any,
        control: Control | None = None,
        meant: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """Take the control of a knob, or make it from the option's own type."""
        super().__init__(*args, **more)
        self.control = control or _control(self.type)
        self.meant = dict(meant or {})
        self.judges = True

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Read a value as the control says, or leave a fault."""
        texts = value if isinstance(value, list | tuple) else (value,)
        typed = bool(texts) and all(isinstance(each, str) for each in texts)
        if self.control is None or self.control.kind == "bool" or not typed:
            return self._as_click_does(ctx, value)
        found = [self._judged(ctx, each) for each in texts]
        return tuple(found) if self.multiple else found[0]

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Look for the variable that is named as the option is typed, then for Click's."""
        return os.environ.get(self._variable(ctx)) or super().resolve_envvar_value(ctx)

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Write a range as knobs do: "1 to 256"."""
        extra = super().get_help_extra(ctx)
        told = self.control.told if self.control is not None else None
        if "range" in extra and told is not None and None not in {told.min, told.max}:
            extra["range"] = f"{told.min} to {told.max}"
        elif "range" in extra and told is not None and told.min is not None:
            more = getattr(self.type, "min_open", False)
            extra["range"] = f"{'more than' if more else 'at least'} {told.min}"
        return extra

    def called(self, ctx: click.Context) -> str:
        """Say where a value came from: the option, or the environment variable."""
        source = ctx.get_parameter_source(self.name)
        if source is not click.core.ParameterSource.ENVIRONMENT:
            return self.flag
        typed = self._variable(ctx)
        return typed if os.environ.get(typed) else f"{ctx.auto_envvar_prefix}_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """Spell the option in full."""
        return max(self.opts, key=len)

    def _variable(self, ctx: click.Context) -> str:
        plain = self.flag.removeprefix("--").replace("-", "_")
        return f"{ctx.auto_envvar_prefix}_{plain}".upper()

    def _judged(self, ctx: click.Context, text: str) -> Any:
        """Leave a fault where the control finds one."""
        assert self.control is not None
        value = read(self.control, text)
        if not self.judges:
            return value
        pair = isinstance(value, tuple)
        fault = self.control.fault(dict([value]) if pair else value)
        legible = pair and not isinstance(value[1], str)
        if fault and self.control.kind == "table" and not legible:
            fault = f"{text!r} is not NAME=VALUE with a number for VALUE"
        if fault and text in self.meant:
            fault = fault.partition(" (")[0] + aside(self.meant[text])
        if fault:
            leave(ctx, f"{self.called(ctx)}: {fault}")
        return None if fault else value

    def _as_click_does(self, ctx: click.Context, value: Any) -> Any:
        """Let Click read what no control is for, in its words or in ours."""
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            if ctx.resilient_parsing:
                raise
            fault = self.control.fault(value) if self.control is not None else None
            leave(ctx, f"{self.called(ctx)}: {fault or error.message.rstrip('.')}")
            return () if self.multiple else None


class Place(click.Path):
    """A path that was really given: Python takes "" for this folder, which nobody meant by it."""

    def __init__(self, **more: Any) -> None:
        """Be like Click's path, but for permissions: those are no matter of spelling (exit 5)."""
        super().__init__(readable=False, **more)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty one, as an unset variable of the shell makes."""
        if value == "":
            self.fail("it is empty", param, ctx)
        if not self.file_okay and Path(value).is_file():
            self.fail(f"{value} is a file; name a folder", param, ctx)
        return super().convert(value, param, ctx)


def option(*names: str, **more: Any) -> Callable[[Any], Any]:
    """Declare an option as `click.option` does; what is wrong with it is told with all the rest."""
    return click.option(*names, cls=Checked, **more)


def leave(ctx: click.Context, fault: str) -> None:
    """Leave a fault for the end of reading; who only peeks has none."""
    if not ctx.resilient_parsing:
        faults(ctx).append(fault)


def faults(ctx: click.Context) -> list[str]:
    """Give what was found wrong until now."""
    found: list[str] = ctx.meta.setdefault(FAULTS, [])
    return found


def read(control: Control, text: str) -> Any:
    """Turn text into the control's kind of value; what cannot be read stays text.

    Only what everyone takes for a number is one: no blanks, no underscores, no digits of other
    scripts.
    """
    if control.kind == "int" and WHOLE.fullmatch(text):
        return _converted(int, text)
    if control.kind == "float":
        return _number(text)
    if control.kind == "choice":
        return next((each for each in control.choices if str(each) == text), text)
    if control.kind == "table":
        name, separator, number = text.rpartition("=")
        return (name, _number(number)) if separator and name else text
    if control.kind == "path" and text:  # Python takes "" for this folder
        return Path(text)
    return text


def _number(text: str) -> Any:
    return _converted(float, text) if NUMBER.fullmatch(text) else text


def _converted(kind: Callable[[str], Any], text: str) -> Any:
    try:
        return kind(text)
    except ValueError:  # thousands of digits
        return text


def _control(found: click.ParamType[Any]) -> Control | None:
    """Say what a Click type takes, in the words that knobs have."""
    if isinstance(found, click.Choice):
        return _made("choice", choices=tuple(found.choices))
    if isinstance(found, click.IntRange | click.FloatRange):
        kind = "int" if isinstance(found, click.IntRange) else "float"
        return _made(kind, Declaration(help="", min=found.min, max=found.max))
    kind = PLAIN.get(type(found), "")
    return _made(kind) if kind else None


def _made(kind: str, told: Declaration | None = None, choices: tuple[Any, ...] = ()) -> Control:
    return Control(
        name="", kind=kind, optional=True, default=None, choices=choices,
        told=told or Declaration(help=""),
    )  # fmt: skip
