"""Whether each import of a distribution's sources is one it declares."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from links import top_level


def undeclared(name: str, unpacked: Mapping[str, Path], declared: set[str]) -> list[str]:
    """List the imports of a distribution that only work because something else is installed.

    Args:
        name: the distribution.
        unpacked: where the wheels of our distributions were unpacked, by name.
        declared: the distributions that it requires itself.
    """
    owners = dict(top_level()) | {
        place.name: frozenset({each})
        for each, folder in unpacked.items()
        for place in folder.iterdir()
        if place.suffix != ".dist-info"
    }
    faults = []
    for file in sorted(unpacked[name].rglob("*.py")):
        where = file.relative_to(unpacked[name])
        for line, module in imports(file):
            bring = owners.get(module, frozenset())
            if module in sys.stdlib_module_names or bring & (declared | {name}):
                continue
            cure = f'add "{min(bring)}" to its dependencies' if bring else "nothing here brings it"
            faults.append(f"{where}:{line} imports {module}, which {name} does not declare: {cure}")
    return faults


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """List the top-level modules that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, str(node.module).split(".")[0]
