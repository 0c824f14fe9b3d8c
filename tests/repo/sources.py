"""The sources that the rules are about."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = sorted(path.parent.name for path in ROOT.glob("distill-*/pyproject.toml"))


@cache
def project(distribution: str) -> dict[str, Any]:
    """Read what a distribution says of itself."""
    text = (ROOT / distribution / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]


def files(*distributions: str) -> list[Path]:
    """List the source files of some distributions, or of all."""
    chosen = distributions or DISTRIBUTIONS
    return sorted(file for name in chosen for file in (ROOT / name / "src").rglob("*.py"))


@cache
def tree(file: Path) -> ast.Module:
    """Parse a source file."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imports(file: Path) -> set[str]:
    """Name the top-level modules that a file imports from elsewhere, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {
                word.value.split(".")[0]
                for word in node.args[:1]
                if isinstance(word, ast.Constant) and not word.value.startswith(".")
            }
    return found


def module(distribution: str) -> str:
    """Name the package that a distribution brings."""
    return distribution.replace("-", "_")


def plain(requirement: str) -> str:
    """Take the distribution's name out of a requirement."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
