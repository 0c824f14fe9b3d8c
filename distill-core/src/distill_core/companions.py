"""Put a companion into a model file by hand, without a run of training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .library import find
from .modelfile import replace_part
from .registry import environment
from .training.stage import companion_record

if TYPE_CHECKING:
    from torch import nn

    from .registry import Registry


def put_companion(
    model: str | Path,
    name: str,
    network: nn.Module,
    config: Any,
    training: Mapping[str, Any],
    extras: Any = None,
    registry: Registry | None = None,
) -> None:
    """Put a trained companion into a model file; every other part stays bit for bit.

    Args:
        model: the file's path, name or id; it is rewritten atomically.
        name: the companion's model type.
        network: whose weights are kept.
        config: of its model config class, nothing automatic left.
        training: what the header tells of its training, as JSON-able values.
        extras: what `distill_train` would return, or None.
        registry: the plugins; those of this environment by default.

    Raises:
        ConfigError: there is no such file, or nobody brings such a type.
        ModelFileError: the file is no Distill model, or damaged.
    """
    owner = (registry or environment()).owner(name, "companion")
    record = companion_record(owner, config, dict(training))
    replace_part(find(str(model)), name, network.state_dict(), record, extras)
