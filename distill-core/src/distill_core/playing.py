"""Say from a header alone which type plays a model file; neither torch nor weights are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .loading import detect

if TYPE_CHECKING:
    from .header import Header
    from .model_type import ModelType
    from .registry import Registry


def playing_type(header: Header, registry: Registry) -> ModelType:
    """Give the record of what plays a file: a companion in it that plays, else its own type.

    The type may be one that cannot play at all (`plays`): loading tells what is missing then.

    Raises:
        BackendError: what would play it is not installed, or broken.
    """
    kind = registry.model_type(detect(header, registry), "backend")
    fitting = [each for each in registry.companions(kind) if header.has(each.name)]
    for each in fitting:
        if each.plays:
            return each
    broken = registry.failures("companion")
    for name in broken.keys() & header.companions.keys():
        raise broken[name]
    return kind
