"""Read Google docstrings apart, for the pages that are made from them."""

from __future__ import annotations

import inspect
import re
from typing import Any

import attrs

SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
ENTRY = re.compile(r"^    (\*{0,2}\w+(?:, \w+)*): (.*)$")
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
    prose, code, sections, section = [], [], {}, ""
    showing = False  # an example, whose lines are indented
    for line in (inspect.getdoc(subject) or "").splitlines():
        if line.startswith(CODE_INDENT + "@"):
            showing = True
        elif line.strip() and not line.startswith(CODE_INDENT):
            showing = False
        if showing:
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
