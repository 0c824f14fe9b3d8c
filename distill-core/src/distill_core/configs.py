"""Turn what the user gave into config objects, strictly, and back into plain tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs

from .controls import Control, controls
from .errors import ConfigError, aside, near

if TYPE_CHECKING:
    from cattrs import ClassValidationError, Converter

Config = TypeVar("Config")


@attrs.frozen
class Configs:
    """What one training is told: the shape of the network, and how it learns.

    Attributes:
        model: an object of the type's model config class.
        training: an object of its training config class.
    """

    model: Any
    training: Any


Caller = Callable[[str], str]  # how a complaint calls a setting, from its field's name


def by_field(name: str) -> str:
    """Call a setting as Python and model files do."""
    return name


def by_flag(cls: type, front: str = "") -> Caller:
    """Call settings as the command line does; `front` is a companion's name or nothing."""
    flags = {each.name: each.flag.removeprefix("--") for each in controls(cls)}
    return lambda name: f"--{front}{flags.get(name, name)}".replace("_", "-")


def structure(cls: type[Config], given: Mapping[str, Any], called: Caller = by_field) -> Config:
    """Make a config object from plain values; defaults are applied here and nowhere else.

    Args:
        cls: a config class, all of whose fields are knobs.
        given: values by field name; only what the user gave.
        called: how a complaint calls a setting.

    Raises:
        ConfigError: names every wrong or unknown field at once.
    """
    from cattrs import ClassValidationError  # a third of what `distill --help` may take

    try:
        return _converter(cls).structure(dict(given), cls)  # type: ignore[arg-type]  # is hashable
    except ClassValidationError as error:
        faults = sorted(_faults(error, cls, called))
        raise ConfigError("; ".join(faults) + ".") from error


def unstructure(config: Any) -> dict[str, Any]:
    """Make the plain JSON-able table from which `structure` rebuilds the config."""
    return cast("dict[str, Any]", _converter(type(config)).unstructure(config))  # type: ignore[arg-type]


def automatic(before: Any, after: Any) -> dict[str, Any]:
    """List the settings that were None (automatic) before and are filled now."""
    return {
        field.name: getattr(after, field.name)
        for field in attrs.fields(type(before))
        if getattr(before, field.name) is None and getattr(after, field.name) is not None
    }


class _FaultError(ValueError):
    """One wrong value, already in the user's words."""


@cache
def _converter(cls: Hashable) -> Converter:
    """Make the converter of one config class: each field is checked by its own control."""
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    known = controls(cls)
    hooks = {each.name: override(struct_hook=_reader(each)) for each in known}
    plain = {each.name: override(unstruct_hook=_as_plain) for each in known if each.kind == "path"}
    converter.register_structure_hook(
        cls,
        make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **hooks),  # type: ignore[arg-type]
    )
    converter.register_unstructure_hook(
        cls,
        make_dict_unstructure_fn(cls, converter, **plain),  # type: ignore[arg-type]
    )
    return converter


def _as_plain(value: Path | None) -> str | None:
    return None if value is None else str(value)


def _reader(control: Control) -> Callable[[Any, Any], Any]:
    """Read one field without coercing: no bool("false") == True, no int(3.9) == 3."""

    def read(value: Any, _: Any) -> Any:
        value = _plain(value)
        if control.kind == "path" and isinstance(value, str):
            value = Path(value)
        fault = control.fault(value)
        if fault:
            raise _FaultError(fault)
        if value is None:
            return None
        if control.kind == "float":
            return float(value) + 0.0  # -0.0 is 0: equal settings are equal words in a recipe
        if control.kind == "table":
            return {name: float(number) + 0.0 for name, number in value.items()}
        return int(value) if control.kind == "int" else value

    return read


def _plain(value: Any) -> Any:
    """Take the number out of what numpy or torch make of one, as np.float32(0.9)."""
    return value.item() if getattr(value, "shape", None) == () else value


def _faults(error: ClassValidationError, cls: type, called: Caller) -> list[str]:
    """Say in the user's words all that cattrs found."""
    from cattrs import ForbiddenExtraKeysError

    known = [each.name for each in controls(cls)]
    said = []
    for fault in error.exceptions:
        if isinstance(fault, ForbiddenExtraKeysError):
            for extra in sorted(fault.extra_fields):
                meant = near(extra, known)
                said.append(f"{called(extra)}: no such setting{aside(meant and called(meant))}")
            continue
        notes = getattr(fault, "__notes__", ())
        field = next((note.name for note in notes if hasattr(note, "name")), "?")
        said.append(f"{called(field)}: {fault}")
    return said
