"""Plain records of a config class's settings: options, widgets and tables derive from them."""

from __future__ import annotations

import math
import types
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from .errors import aside, near
from .knobs import KEY, Declaration

KINDS = {bool: "bool", int: "int", float: "float", str: "text", Path: "path"}
ARTICLES = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "text": "text",
    "path": "a path",
    "table": "a table of names and numbers",
}
LONGEST_SHOWN = 60  # characters of a wrong value in a message
LARGEST_SHOWN = 10**30


@attrs.frozen(kw_only=True)
class Control:
    """One setting; its kind is bool, int, float, choice, text, path or table."""

    name: str
    kind: str
    optional: bool
    default: Any
    choices: tuple[Any, ...]
    told: Declaration

    @property
    def flag(self) -> str:
        """Spell the option: `--top-k`."""
        return "--" + (self.told.flag or self.name).replace("_", "-")

    def fault(self, value: Any) -> str | None:
        """Say what is wrong with a value, or None when it can be used."""
        if value is None:
            return None if self.optional else f"needs {self._wanted()}"
        if not self._fits(value):
            meant = near(value, map(str, self.choices)) if isinstance(value, str) else None
            shown = repr(value) if isinstance(value, float) else _shown(value)  # 3.0 is not 3
            return f"{shown} is not {self._wanted()}{aside(meant)}"
        numbers = value.items() if self.kind == "table" else [(None, value)]
        if self.kind in {"int", "float", "table"}:
            for name, number in numbers:
                if not self._within(number):
                    front = "" if name is None else f"{_shown(name)[1:-1]}="
                    return f"{front}{_shown(number)} must {self._bounds()}"
        return None

    def _fits(self, value: Any) -> bool:
        if self.kind == "choice":
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        if self.kind == "table":
            return isinstance(value, dict) and all(
                isinstance(name, str) and _is_number(number) for name, number in value.items()
            )
        if self.kind == "float":
            return _is_number(value)
        if self.kind == "int":
            return isinstance(value, Integral) and not isinstance(value, bool)
        return isinstance(value, {"bool": bool, "text": str, "path": Path}[self.kind])

    def _within(self, number: float) -> bool:
        low, high = self.told.min, self.told.max
        return (
            _is_finite(number)
            and (low is None or number >= low)
            and (high is None or number <= high)
        )

    def _bounds(self) -> str:
        low, high = self.told.min, self.told.max
        if low is not None and high is not None:
            return f"lie between {_shown(low)} and {_shown(high)}"
        if low is not None:
            return f"be at least {_shown(low)}"
        return "be finite" if high is None else f"be at most {_shown(high)}"

    def _wanted(self) -> str:
        if self.kind == "choice":
            return "one of " + ", ".join(str(choice) for choice in sorted(self.choices))
        return ARTICLES[self.kind]


def _is_finite(number: Any) -> bool:
    """Say whether a number can be reckoned with; a whole one may be too large for a float."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _shown(value: Any) -> str:
    """Spell a value for a message: numbers as people type them, anything else quoted, and short."""
    if not _is_number(value):
        text = " ".join(repr(value).split())
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    if isinstance(value, Integral):
        return str(value) if abs(int(value)) < LARGEST_SHOWN else "a number that large"
    number = float(value) + 0.0  # -0.0 is 0
    short = f"{number:g}"
    return short if float(short) == number or math.isnan(number) else repr(number)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _kind(hint: Any) -> tuple[str, bool, tuple[Any, ...]]:
    """Read a type hint: kind, whether None is allowed, choices."""
    optional = False
    if get_origin(hint) in {Union, types.UnionType}:
        members = [member for member in get_args(hint) if member is not type(None)]
        optional = len(members) < len(get_args(hint))
        if len(members) != 1:
            raise TypeError(f"{hint} is not a type a setting can have")
        hint = members[0]
    if get_origin(hint) is Literal:
        return "choice", optional, get_args(hint)
    if hint == dict[str, float]:
        return "table", optional, ()
    if hint not in KINDS:
        raise TypeError(f"{hint} is not a type a setting can have")
    return KINDS[hint], optional, ()


@cache
def controls(cls: type) -> tuple[Control, ...]:
    """Derive the controls of a config class, in the order of its fields.

    Raises:
        TypeError: the class has a field that is no knob, or whose type no setting can have; that
            is its author's bug, so it is no DistillError.
    """
    hints = get_type_hints(cls)
    found = []
    for field in attrs.fields(cls):
        told = field.metadata.get(KEY)
        if told is None:
            raise TypeError(f"{cls.__name__}.{field.name} is not declared with knob(...)")
        kind, optional, choices = _kind(hints[field.name])
        default = field.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types it as a function
            default = default.factory()
        found.append(
            Control(
                name=field.name,
                kind=kind,
                optional=optional,
                default=default,
                choices=choices,
                told=told,
            )
        )
    return tuple(found)


def control(cls: type, name: str) -> Control:
    """Find one control of a config class by its field's name."""
    return next(each for each in controls(cls) if each.name == name)
