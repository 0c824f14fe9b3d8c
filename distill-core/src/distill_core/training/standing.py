"""Where a run stands: which of its stages are still to be trained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, ModelFileError
from ..header import Header, read_header
from .folder import RunFolder, checkpoint_path, resuming
from .schedule import Budget

if TYPE_CHECKING:
    from .stage import Stage


def content(model: Path) -> str:
    """Give the digest of a file that a run is to replace; "" where there is none."""
    if not model.is_file():
        return ""  # a pipe would be waited for
    try:
        with model.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def own_header(folder: RunFolder, model: Path, id: str, replaces: str) -> Header | None:
    """Read the header of a run's model; None where it is not written yet.

    Raises:
        ConfigError: what lies there is neither this run's nor what it was told to replace.
    """
    if not model.exists() or content(model) == replaces:
        return None
    try:
        header = read_header(model)
    except ModelFileError:
        header = None
    if header is None or header.id != id:
        raise ConfigError(
            f"{model} is another model by now than this run's.",
            f"Move it away, then go on: {resuming(folder.path)}",
        )
    return header


def waiting(
    folder: RunFolder,
    model: Path,
    id: str,
    replaces: str,
    stages: Sequence[Stage],
    extension: Budget | None,
) -> list[Stage]:
    """List the stages that are still to be trained, or the last one when it is to be extended.

    A stage is finished when the folder says so and the model file has its part: a model that was
    deleted is made again from the checkpoints, without a further step.

    Args:
        folder: the run's.
        model: the run's model file.
        id: that the model file must have.
        replaces: content of the file that was to be replaced, which may be there still; or "".
        stages: of the run, in their order.
        extension: how much longer the run is to go on, or None.

    Raises:
        ConfigError: another model lies there by now, there is nothing to extend from, or going on
            would spoil what another run put into the file.
    """
    header = own_header(folder, model, id, replaces)
    made = set(folder.finished) & set(header.parts if header is not None else ())
    left = [each for each in stages if each.owner.name not in made]
    if extension is not None and not left:
        left = [stages[-1]]
    for name in [each.owner.name for each in left if each.owner.name in folder.finished]:
        kept = checkpoint_path(folder.path, name)
        if not kept.exists():  # from the start it might end elsewhere, under what learnt its codes
            told = "a loop of a backend's own keeps none, or it was deleted"
            raise ConfigError(f"{name} has no {kept} to go on from ({told}).", "Train anew.")
    _check_nothing_is_lost(model, header, left)
    return left


def extended(folder: RunFolder, left: Sequence[Stage]) -> list[Stage]:
    """List those of the stages that are left which a further budget is for.

    A finished one is only made again where the model file was deleted: what was trained after it
    learnt the codes that it had at its end.
    """
    return [each for each in left if each.owner.name not in folder.finished] or list(left[-1:])


def _check_nothing_is_lost(model: Path, header: Header | None, left: Sequence[Stage]) -> None:
    """Refuse to change weights that a companion of another run was trained on."""
    making = [each.owner.name for each in left if each.owner.claim.kind == "backend"]
    if header is None or not making:
        return
    others = sorted(set(header.companions) - {each.owner.name for each in left})
    if others:
        raise ConfigError(
            f"{model} carries a {others[0]} by now, which going on with {making[0]} would make"
            " useless.",
            "Train another model with -o.",
        )
