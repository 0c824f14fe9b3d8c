"""Plugins that are really installed: folders with `.dist-info`, as pip leaves them.

One folder each, named for what it does: good, fickle, noisy, listener and command work; the others
do not, each in a way of its own. What cannot lie in a folder of ours (metadata that is no UTF-8)
is made by the test: see `bring`.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, distributions
from pathlib import Path

from distill_core.registry import Registry

HERE = Path(__file__).parent
BROKEN = ("raises", "quits", "typo", "missing", "rivals")
WORSE = ("newer", "half", "nameless", "garbled", "odd", "shadows", "stops", "noisy")


def folder(name: str | Path) -> Path:
    """Find a fixture by its name; a path is one already."""
    return HERE / name


def found(*names: str | Path) -> list[Distribution]:
    """Find the distributions in some folders, in their order, importing nothing."""
    return [each for name in names for each in distributions(path=[str(folder(name))])]


def bring(
    place: Path, name: str, source: str, entries: str, metadata: str | bytes | None = None
) -> Path:
    """Install a distribution made up by a test; give the folder to put on the path.

    Args:
        place: where to make the folder.
        name: the distribution's.
        source: of its one module, `distill_x` for "distill-x".
        entries: its entry points.
        metadata: its METADATA, whole.
    """
    module, folder = name.replace("-", "_"), place / name
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    if metadata is None:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: Made up.\n"
    raw = metadata if isinstance(metadata, bytes) else metadata.encode()
    (info / "METADATA").write_bytes(raw)
    (info / "entry_points.txt").write_text(entries, encoding="utf-8")
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    return folder


@contextmanager
def importable(*names: str | Path) -> Iterator[None]:
    """Put some folders on the path, and forget afterwards what was imported from them."""
    folders = [str(folder(name)) for name in names]
    before = list(sys.path)
    sys.path[:0] = folders
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        mine = tuple(each + os.sep for each in folders)
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(mine):
                del sys.modules[name]
        importlib.invalidate_caches()


@contextmanager
def registry(*names: str | Path, narrow: str | None = None) -> Iterator[Registry]:
    """Give a registry of nothing but these plugins, importable while it is used."""
    with importable(*names):
        yield Registry.installed(found(*names), narrow)


def environment(home: Path, *names: str | Path) -> dict[str, str]:
    """Give a subprocess's environment in which these plugins are installed beside the real ones."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DISTILL_")}
    path = [*(str(folder(name)) for name in names), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {
        "PYTHONPATH": os.pathsep.join(path),
        "DISTILL_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "100",
    }
