"""The recipe: all that regenerates a take, as one plain record beside the sound and inside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..configs import unstructure
from ..errors import ConfigError
from ..modelfile import raw_bytes
from ..skew import core_version
from ..strict import dump, parse_table

if TYPE_CHECKING:
    from torch import Tensor

    from ..loading import Loaded
    from ..model import Model
    from .asked import Asked

LONGEST_TAG = 2000  # bytes; libsndfile loses longer WAV comments


def recipe_of(model: Model, player: Loaded, asked: Asked) -> dict[str, Any]:
    """Say all that regenerates takes of a model, but for what each has of its own."""
    wrappers = player.owner.wrappers("distill_generate")  # they may change every take
    return {
        **origin(model, used_by(model, player)),
        **({"wrappers": wrappers} if wrappers else {}),
        "duration": asked.duration,
        "settings": unstructure(asked.settings),
        **({} if asked.preset is None else {"preset": asked.preset}),
        **asked.space.recipe(model.channels),
        **({} if asked.blend is None else asked.blend.recipe()),
    }


def origin(model: Model, used: Sequence[Loaded]) -> dict[str, Any]:
    """Say that these parts of a model made a sound, and where: what every recipe begins with."""
    return {
        "synthetic": True,
        "distill": core_version(),
        "backends": {each.owner.name: each.owner.backend for each in used},
        "model": identity(model, used),
        "device": model.device,
        "threads": torch.get_num_threads(),
    }


def identity(model: Model, used: Sequence[Loaded]) -> dict[str, Any]:
    """Say which model it is, by name, id, and the digests of the parts that were used."""
    parts = {each.owner.name: model.digest(each) for each in used}
    return {"name": model.name, "id": model.header.id, "parts": parts}


def used_by(model: Model, player: Loaded) -> list[Loaded]:
    """List the parts of a model that sound when one of them plays."""
    return [model.host] if player is model.host else [model.host, player]


def part_digest(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> str:
    """Give the SHA-256 of a part: its config, and each tensor's name, type, shape and bytes."""
    hasher = hashlib.sha256(dump(config).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        hasher.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        hasher.update(raw_bytes(tensor))
    return hasher.hexdigest()


def tag(recipe: Mapping[str, Any]) -> str:
    """Write the recipe, but for the attachment, as compact JSON for a sound file's comment.

    Should it be longer than a comment may be, `--meta` is left to its own tags, then models are.
    """
    kept = dict(recipe)
    for droppable in ("attached", "meta", "model", "blend"):
        kept.pop(droppable, None)
        text = dump(kept)
        if len(text.encode()) <= LONGEST_TAG:
            break
    return text


def read_recipe(path: Path) -> dict[str, Any]:
    """Read the recipe beside a take.

    Raises:
        ConfigError: there is no such file, or it is no recipe.
        OSError: it may not be read.
    """
    if not path.is_file():
        raise ConfigError(f"There is no recipe {path}.", "Name the .json file beside a take.")
    try:
        recipe = parse_table(path.read_bytes())
    except ValueError as error:
        raise ConfigError(f"{path} is no recipe of a take: {error}.") from error
    if recipe.get("synthetic") is not True or not isinstance(recipe.get("settings"), dict):
        raise ConfigError(f"{path} is no recipe of a take.", "Name the .json file beside a take.")
    return recipe


def is_recipe(path: Path) -> bool:
    """Say whether a file may be replaced by a recipe: there is none, or it is one itself."""
    try:
        return parse_table(path.read_bytes()).get("synthetic") is True
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False


def sidecar(recipe: Mapping[str, Any], path: Path, model_path: Path) -> str:
    """Write a recipe as JSON, a line a key; date and places, which may differ, are added."""
    told = dict(recipe) | {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "path": str(path.absolute()),
        "model_path": str(model_path.absolute()),
    }
    return "{\n" + ",\n".join(f' "{key}": {dump(value)}' for key, value in told.items()) + "\n}\n"
