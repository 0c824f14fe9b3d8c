"""Presets: named settings of what plays a model file, kept in the file; neither torch nor numpy.

Those that a training made from its data lie in the extras of the part that plays, under "presets";
those that people save lie in the header's own `presets`, and hide the others of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from .configs import Caller, by_field, structure, unstructure
from .controls import controls
from .errors import ConfigError, ModelFileError, nearest

if TYPE_CHECKING:
    from .header import Header
    from .model_type import ModelType

KEY = "presets"  # in the header, and in a part's extras
LONGEST_NAME = 60  # characters
FORBIDDEN = "=/"  # = ends a name on the command line, / would make a path of one
MOST_SETTINGS = 1000  # of a preset; types have a dozen


@frozen
class Preset:
    """Settings with a name.

    Attributes:
        name: that people call it by.
        settings: of the playing type's generating config; what is not among them has its default.
        source: "data" for one that the training made, "user" for one that was saved.
    """

    name: str
    settings: Mapping[str, Any]
    source: Literal["data", "user"]


def presets_in(header: Header, parts: Iterable[str]) -> list[Preset]:
    """List a file's presets by name; the user's hide those that were made from the data.

    Args:
        header: of the file.
        parts: whose extras are looked into; the part that plays.

    Raises:
        ModelFileError: something else lies where presets should.
    """
    found: dict[str, Preset] = {}
    for part in parts:
        extras = header.extras.get(part)
        made = extras.get(KEY, {}) if isinstance(extras, dict) else {}
        found |= _presets(header.path, made, "data")
    found |= _presets(header.path, header.presets, "user")
    return [found[name] for name in sorted(found)]


def named(presets: Iterable[Preset], name: str, path: Path) -> Preset:
    """Find a preset of a model file by its name.

    Raises:
        ConfigError: there is none of that name; says which there are.
    """
    known = {each.name: each for each in presets}
    if name in known:
        return known[name]
    if not known:
        raise ConfigError(f"{path} has no presets.", "Save one: distill presets save.")
    raise ConfigError(
        f"There is no preset {name!r} in {path}.{nearest(name, known)}"
        f" It has: {', '.join(sorted(known))}."
    )


def settings_from(
    header: Header,
    kind: ModelType,
    given: Mapping[str, Any],
    name: str | None = None,
    called: Caller = by_field,
) -> Any:
    """Make the generating config of a take: a preset's settings, and on top what was given.

    Args:
        header: of the model file.
        kind: what plays it.
        given: settings by field; one that is a table goes into the preset's, entry by entry.
        name: the preset's, or None for none.
        called: how a complaint calls a setting.

    Raises:
        ConfigError: there is no such preset, or a setting that was given cannot be used.
        ModelFileError: the preset in the file cannot be used.
    """
    merged = dict(given)
    if name is not None:
        preset = named(presets_in(header, [kind.name]), name, header.path)
        merged = on_top(given, _usable(preset, kind, header.path))
    return structure(kind.generating, merged, called)


def on_top(given: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what was given over other settings; tables are merged by their entries."""
    merged = dict(settings)
    for name, value in given.items():
        under = settings.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[name] = {**under, **value}
        else:
            merged[name] = value
    return merged


def checked_name(name: str) -> str:
    """Take what a preset may be called.

    Raises:
        ConfigError: it cannot be shown or typed, or is too long.
    """
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or set(FORBIDDEN) & set(name):
        raise ConfigError(
            f"A preset cannot be called {name!r}:"
            f" 1 to {LONGEST_NAME} printable characters, neither = nor /, can be."
        )
    return name


def checked_settings(
    kind: ModelType, given: Mapping[str, Any], called: Caller = by_field
) -> dict[str, Any]:
    """Take settings that a preset may hold, as plain values; only those that were given.

    A file's path is none: a model file has to suffice on any machine, and one that a stranger made
    must not have files of ours read.

    Raises:
        ConfigError: says which cannot be used.
    """
    if len(given) > MOST_SETTINGS:  # judging each would take its time
        raise ConfigError(f"{len(given)} settings are more than anything has.")
    plain = unstructure(structure(kind.generating, given, called))
    for each in controls(kind.generating):
        if each.kind == "path" and plain[each.name] is not None:
            raise ConfigError(f"{called(each.name)}: a preset cannot hold the path of a file.")
    return {name: plain[name] for name in given}


def recipe_settings(kind: ModelType, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Take the settings of a take's recipe that a preset may hold.

    Raises:
        ConfigError: another type made the take, or a file's path was among its settings.
    """
    files = {each.name for each in controls(kind.generating) if each.kind == "path"}
    told = recipe["settings"].items()
    return checked_settings(
        kind, {name: value for name, value in told if name not in files or value is not None}
    )


def _presets(path: Path, table: Any, source: Literal["data", "user"]) -> dict[str, Preset]:
    """Read a table of presets, which a stranger may have written."""
    if not isinstance(table, dict) or not all(isinstance(each, dict) for each in table.values()):
        raise ModelFileError(f"{path}: its presets are damaged.", "Train it again.")
    return {name: Preset(name, settings, source) for name, settings in table.items()}


def _usable(preset: Preset, kind: ModelType, path: Path) -> dict[str, Any]:
    """Hold a preset of a file against what plays the file."""
    try:
        return checked_settings(kind, preset.settings)
    except ConfigError as error:
        raise ModelFileError(
            f"{path}: its preset {preset.name!r} cannot be used with {kind.name}: {error.message}"
        ) from error
