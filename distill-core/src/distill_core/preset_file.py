"""Save presets into a model file, and remove them; every part and other word stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .configs import Caller, by_field
from .controls import controls
from .errors import ConfigError, nearest
from .modelfile import read_model_file, replace_words
from .presets import KEY, Preset, checked_name, checked_settings, named, presets_in
from .strict import dump

if TYPE_CHECKING:
    from .header import Header
    from .model_type import ModelType


def save_preset(
    path: Path,
    kind: ModelType,
    name: str,
    settings: Mapping[str, Any],
    *,
    replace: bool = False,
    called: Caller = by_field,
) -> dict[str, Any]:
    """Keep settings under a name in a model file, which is rewritten atomically.

    Args:
        path: the model file.
        kind: what plays it.
        name: 1 to 60 printable characters without = and /.
        settings: of its generating config; only those that the preset is to set.
        replace: let it take the place of a preset of that name, or hide one made from the data.
        called: how a complaint calls a setting.

    Returns:
        The settings as they are kept.

    Raises:
        ConfigError: a name or settings that cannot be kept, or the name is taken.
        ModelFileError: the file is no Distill model, or damaged.
        OSError: the disk is full or the file may not be written.
    """
    checked_name(name)
    kept = checked_settings(kind, settings, called)
    if not kept:
        raise ConfigError("There is no setting to save.")
    file = read_model_file(path)
    there = {each.name for each in presets_in(file.header, [kind.name])}
    if name in there and not replace:
        raise ConfigError(f"{path} has a preset {name!r} already.", "Replace it with --force.")
    _check_names(file.header, kind, kept, called)
    replace_words(file, {KEY: dump(file.header.presets | {name: kept})})
    return kept


def remove_preset(path: Path, parts: Sequence[str], name: str) -> Preset:
    """Remove a preset from a model file, which is rewritten atomically; give what it was.

    Args:
        path: the model file.
        parts: whose extras presets are looked for in; the part that plays.
        name: the preset's. Of two of one name the user's goes, and the other shows again.

    Raises:
        ConfigError: there is none of that name.
        ModelFileError: the file is no Distill model, or damaged.
        OSError: the disk is full or the file may not be written.
    """
    file = read_model_file(path)
    preset = named(presets_in(file.header, parts), name, path)
    if preset.source == "user":
        words = {KEY: dump(_without(file.header.presets, name))}
    else:
        words = {"extras": dump(_unlearnt(file.header, parts, name))}
    replace_words(file, words)
    return preset


def _check_names(
    header: Header, kind: ModelType, settings: Mapping[str, Any], called: Caller
) -> None:
    """Refuse names in a table that this model does not know, where its extras list them."""
    extras = header.extras.get(kind.name)
    for each in controls(kind.generating):
        if each.told.names is None or each.name not in settings:
            continue
        records = extras.get(each.told.names) if isinstance(extras, dict) else None
        rows = records if isinstance(records, list) else []
        known = sorted(str(row["name"]) for row in rows if isinstance(row, dict) and "name" in row)
        for name in settings[each.name]:
            if name not in known:
                raise ConfigError(
                    f"{called(each.name)}: there is no {name}.{nearest(name, known)}"
                    f" This model has: {', '.join(known) or 'none'}."
                )


def _unlearnt(header: Header, parts: Sequence[str], name: str) -> dict[str, Any]:
    """Give a file's extras without a preset that was made from the data."""
    extras = dict(header.extras)
    for part in parts:
        own = extras.get(part)
        if isinstance(own, dict) and name in own.get(KEY, {}):
            extras[part] = own | {KEY: _without(own[KEY], name)}
    return extras


def _without(presets: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {each: settings for each, settings in presets.items() if each != name}
