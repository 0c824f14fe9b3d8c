"""Read Google docstrings apart, for the pages that are made from them."""

from __future__ import annotations

import inspect
import re
from typing import Any

import attrs

SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
ENTRY = re.compile(r"^    (\*{0,2}\w+): (.*)$")
CODE_INDENT = "    "


@attrs.frozen
class Docstring:
    """What a docstring says.

    Attributes:
        prose: its paragraphs, as they are wrapped in the source.
        entries: by section, by name, what is said of an argument, an attribute or an error.
        text: by section, what stands in it without a name.
        code: the lines of its example, or "".
    """

    prose: str
    entries: dict[str, dict[str, str]]
    text: dict[str, str]
    code: str

    @property
    def first(self) -> str:
        """Give the first paragraph, in one line."""
        return " ".join(self.prose.split("\n\n")[0].split())


def read(subject: Any) -> Docstring:
    """Read a class's or a function's docstring."""
    lines = (inspect.getdoc(subject) or "").splitlines()
    prose, code, sections, section = [], [], {}, ""
    example = None  # the number of the line at which it begins
    for number, line in enumerate(lines):
        if example is None and line.lstrip().startswith("@") and line.startswith(CODE_INDENT):
            example = number
        if example is not None:
            code.append(line)
        elif SECTION.match(line):
            section = line.rstrip(":")
            sections[section] = []
        elif section and line.strip():
            sections[section].append(line)
        elif not section:
            prose.append(line)
    return Docstring(
        "\n".join(prose).strip(),
        {name: _entries(found) for name, found in sections.items()},
        {name: " ".join(" ".join(found).split()) for name, found in sections.items()},
        inspect.cleandoc("\n".join(["", *code])),
    )


def _entries(lines: list[str]) -> dict[str, str]:
    """Join the lines of each entry of a section."""
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        begins = ENTRY.match(line)
        if begins:
            name, found[begins[1]] = begins[1], begins[2]
        elif name:
            found[name] += " " + line.strip()
    return found
