"""The suite's own plugins, as a distribution that is in no environment: a toy host, a witness."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, version
from os import PathLike
from pathlib import Path

from ..registry import Registry

TOY = "toy-codec"  # the model type that companions are tried on
NAME = "distill-core-testing"
POINTS = f"""\
[distill.backends]
{TOY} = distill_core.testing.toy
[distill.plugins]
witness = distill_core.testing.witness
"""


class Bundled(Distribution):
    """Says in memory what a distribution's folder of metadata says on disk."""

    def read_text(self, filename: str) -> str | None:
        """Give a file of metadata."""
        if filename == "entry_points.txt":
            return POINTS
        if filename == "METADATA":
            told = version("distill-core")
            named = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {told}\n"
            return f"{named}Summary: A toy codec.\nRequires-Dist: distill-core\n"
        return None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        """Say where a file of it would lie."""
        return Path(__file__).parent / path


def registry_of(found: Iterable[Distribution]) -> Registry:
    """Give a registry of nothing but some distributions and the suite's own."""
    tried = [*found, Bundled()]
    return Registry.installed(tried, ",".join(each.metadata["Name"] for each in tried))
