"""Whether words for people are a full sentence."""

from __future__ import annotations

from typing import Any


def is_sentence(told: Any) -> bool:
    """Say whether a text is one: no small letter first, two words or more, a full stop last."""
    if not isinstance(told, str) or told != told.strip() or not told.isprintable():
        return False
    return len(told.split()) > 1 and not told[0].islower() and told[-1] in ".!?"
