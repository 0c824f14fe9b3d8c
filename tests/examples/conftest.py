"""An environment to install examples into, and how long their code is."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from ..environment import ROOT, Environment

EXAMPLES = ROOT / "examples"
NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Make one; what is installed into it is gone with it."""
    return Environment(tmp_path_factory.mktemp("environment") / "stranger")


def code_lines(folder: Path) -> int:
    """Count the lines of Python that do something: no blank ones, comments and docstrings."""
    return sum(_code_lines(file.read_text(encoding="utf-8")) for file in folder.rglob("*.py"))


def _code_lines(text: str) -> int:
    described = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, described) and ast.get_docstring(node) is not None
    ]
    told = {line for each in docstrings for line in range(each.lineno, each.end_lineno + 1)}
    used = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(used - told)
