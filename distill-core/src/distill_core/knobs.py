"""What a setting is: one attrs field that holds type, default, bounds, unit and sentence."""

from __future__ import annotations

from typing import Any

import attrs

KEY = "distill.knob"  # where a field's metadata keeps what `knob` was told


@attrs.frozen(kw_only=True)
class Declaration:
    """What `knob` adds to a field: everything but its name, type and default."""

    help: str
    min: float | None = None
    max: float | None = None
    scale: str = "linear"
    unit: str | None = None
    flag: str | None = None
    short: str | None = None
    names: str | None = None


def knob(
    default: Any,
    *,
    help: str,
    min: float | None = None,
    max: float | None = None,
    scale: str = "linear",
    unit: str | None = None,
    flag: str | None = None,
    short: str | None = None,
    names: str | None = None,
) -> Any:
    """Declare one setting of a config class; options, widgets, checks and tables derive from it.

        @attrs.frozen(kw_only=True)
        class HushTraining:
            lr: float = knob(3e-4, help="Learning rate.", min=1e-6, max=1, scale="log")

    Args:
        default: used when the user gives nothing; None stands for automatic.
        help: a full sentence for people.
        min: smallest accepted value.
        max: largest accepted value.
        scale: "linear" or "log", for sliders.
        unit: of the value, as "s", "ms", "dB" or "Hz".
        flag: the option's name where it differs from the field's ("layers").
        short: a one-letter option ("t").
        names: of a table, where its names depend on the model: the key of the extras under which
            records with those names lie ("sliders").
    """
    declaration = Declaration(
        help=help, min=min, max=max, scale=scale, unit=unit, flag=flag, short=short, names=names
    )
    options: dict[str, Any] = {"metadata": {KEY: declaration}, "validator": _check}
    if isinstance(default, dict):
        return attrs.field(factory=lambda: dict(default), **options)
    return attrs.field(default=default, **options)


def _check(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Hold a value against its declaration, wherever it came from (an attrs validator)."""
    from .controls import control  # controls read declarations; only the check reads controls

    fault = control(type(instance), attribute.name).fault(value)
    if fault:
        from .errors import ConfigError

        raise ConfigError(f"{attribute.name}: {fault}.")
