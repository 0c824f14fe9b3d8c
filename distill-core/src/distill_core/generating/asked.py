"""What is asked of a model beside seeds: how long, with which settings, in which space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from .space import AS_IT_IS, Space

if TYPE_CHECKING:
    from .blending import Blend


@frozen(kw_only=True)
class Asked:
    """What all takes of one call have in common.

    Attributes:
        settings: an object of the playing type's generating config.
        duration: seconds, or None for the natural length.
        preset: the name of what the settings were taken from.
        space: how the takes are to lie between the ears.
        blend: the models that sound together, or None for the one that is asked alone.
    """

    settings: Any
    duration: float | None = None
    preset: str | None = None
    space: Space = AS_IT_IS
    blend: Blend | None = None
