"""One thing that was looked at, and what there is to say of it."""

from __future__ import annotations

from typing import Any

from attrs import frozen


@frozen
class Finding:
    """A row of the report.

    Attributes:
        check: what was looked at.
        found: what is there.
        cure: what to do about it; None where nothing is wrong.
    """

    check: str
    found: str
    cure: str | None = None

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return self.cure is None

    def as_json(self) -> dict[str, Any]:
        """Give the row that `distill doctor --json` prints."""
        return {"check": self.check, "ok": self.ok, "found": self.found, "cure": self.cure}


def one_line(text: object, longest: int = 240) -> str:
    """Bring a library's message to one line of some length."""
    line = " ".join(str(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
