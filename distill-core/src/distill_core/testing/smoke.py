"""Try quickly whether a model type works at all: learn a little, save, load, make a sound."""

from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..errors import DistillError, StorageError
from .bundled import registry_of
from .sounding import fault
from .trial import Trial, write_sounds

if TYPE_CHECKING:
    from ..claims import Claim


def smoke(claim: Claim) -> str | None:
    """Train a type for a few steps on synthesised sounds, save it, load it, and let it sound.

    Args:
        claim: of a backend or companion that can be imported; a companion sits on a toy codec.

    Returns:
        What went wrong, in one line, or None.

    Raises:
        StorageError: the disk is full or may not be written, which is no fault of the type's.
    """
    found = None if claim.point is None else claim.point.dist
    assert isinstance(found, Distribution)  # a claim that could be imported has one
    with TemporaryDirectory(prefix="distill-") as place:
        folder = Path(place)
        sounds = write_sounds(folder / "sounds")
        trial = Trial(registry_of([found]), claim.name, {}, sounds, folder)
        try:
            return fault(trial.load(trial.train("smoke").model), claim.name, {})
        except StorageError:
            raise
        except DistillError as error:
            return error.message  # its hint is about files that are gone by now
