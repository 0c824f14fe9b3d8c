"""Write a new backend's files: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from string import Template

from attrs import asdict
from distill_core.atomic import write_atomic
from distill_core.errors import ConfigError

from .naming import Names

# where each template goes; both sides are filled in with a backend's names
TEMPLATES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "src/$package/__init__.py": "hooks.py",
    "src/$package/network.py": "network.py",
    "tests/$test.py": "test.py",
}


def rendered(names: Names) -> dict[str, str]:
    """Fill in the templates: texts by path, relative to the distribution's folder."""
    told = asdict(names)
    place = files(__package__) / "templates"
    return {
        Template(path).substitute(told): Template(
            (place / f"{name}.template").read_text(encoding="utf-8")
        ).substitute(told)
        for path, name in TEMPLATES.items()
    }


def write_scaffold(names: Names, folder: Path) -> list[Path]:
    """Write a distribution into a new or empty folder; give its files.

    Raises:
        ConfigError: there is something in the folder already.
        OSError: the disk is full, or may not be written; nothing is left of it.
    """
    _refuse_filled(folder)
    written = {folder / path: text for path, text in rendered(names).items()}
    with _whole_or_not_at_all(folder, list(written)):
        for path, text in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, text.encode())
    return list(written)


def _refuse_filled(folder: Path) -> None:
    if os.path.lexists(folder) and not folder.is_dir():
        raise ConfigError(f"{folder} is a file.", "Name a folder that is new, or empty.")
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty.", "Name a folder that is new, or empty.")


@contextmanager
def _whole_or_not_at_all(folder: Path, paths: list[Path]) -> Iterator[None]:
    """Remove what was written, and the folders that were made for it, should the block fail."""
    inner = {parent for path in paths for parent in path.parents if folder in parent.parents}
    made = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what was refused is told; this only tidies up
            for path in paths:
                path.unlink(missing_ok=True)
        for each in sorted({*inner, *made}, key=lambda each: len(each.parts), reverse=True):
            with suppress(OSError):
                each.rmdir()
        raise
