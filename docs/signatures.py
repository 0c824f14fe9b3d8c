"""Spell functions and records as the pages show them, from their sources."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import attrs

WIDTH = 96  # characters of a signature's line
DEFAULT = re.compile(r"(?<=\S)=(?=\S)")  # where ast leaves no blanks around it


def signature(function: Callable[..., Any]) -> str:
    """Spell a function's or a method's first line, without `self`, as its source has it."""
    node = _node(function)
    node.args.args = [each for each in node.args.args if each.arg != "self"]
    arguments = DEFAULT.sub(" = ", ast.unparse(node.args))
    given = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"{node.name}({arguments}){given}"
    if len(line) <= WIDTH:
        return line
    words = _split(arguments)
    return f"{node.name}(\n" + "".join(f"    {each},\n" for each in words) + f"){given}"


def parameters(function: Callable[..., Any]) -> dict[str, str]:
    """Give the type of each argument, as its source spells it."""
    return {
        each.arg: ast.unparse(each.annotation) if each.annotation else ""
        for each in _node(function).args.args
        if each.arg != "self"
    }


def fields(cls: type) -> dict[str, str]:
    """Give the type of each public attribute that a class declares itself, in their order."""
    said = inspect.get_annotations(cls)
    return {name: str(kind) for name, kind in said.items() if not name.startswith("_")}


def default(cls: type, name: str) -> str | None:
    """Spell the value an attribute has where nobody gives one; None where one must be given."""
    if attrs.has(cls) and name in attrs.fields_dict(cls):
        found = attrs.fields_dict(cls)[name].default
        if found is attrs.NOTHING:
            return None
        if isinstance(found, attrs.Factory):  # type: ignore[arg-type]
            found = found.factory()
    elif hasattr(cls, name):
        found = getattr(cls, name)
    else:
        return None
    return found.__name__ if isinstance(found, type) else repr(found)


def members(cls: type) -> Iterator[tuple[str, Callable[..., Any], bool]]:
    """Give a class's own public methods and properties: name, function, whether it is read."""
    for name, found in vars(cls).items():
        if name.startswith("_"):
            continue
        if isinstance(found, property) and found.fget is not None:
            yield name, found.fget, True
        elif isinstance(found, classmethod | staticmethod):
            yield name, found.__func__, False
        elif inspect.isfunction(found):
            yield name, found, False


def is_abstract(function: Callable[..., Any]) -> bool:
    """Say whether a subclass must have it."""
    return bool(getattr(function, "__isabstractmethod__", False))


def _node(function: Callable[..., Any]) -> ast.FunctionDef:
    source = textwrap.dedent(inspect.getsource(function))
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    return node


def _split(arguments: str) -> list[str]:
    """Part arguments at the commas that stand in no bracket."""
    words, depth = [""], 0
    for letter in arguments:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            words.append("")
        else:
            words[-1] += letter
    return [word.strip() for word in words]
