"""Spell for people, in a line, values that plugins and strangers' files hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST = 120  # characters of one value, or of one table
MOST = 40  # entries that are spelled


def spelled(value: Any) -> str:
    """Spell a plain value: numbers as people write them, tables as NAME=VALUE pairs."""
    if isinstance(value, bool) or value is None:
        return cut(str(value).lower())
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return cut(" ".join(f"{cut(str(key))}={spelled(each)}" for key, each in _first(value)))
    if isinstance(value, list):
        return cut(" ".join(spelled(each) for each in value[:MOST]))
    return cut(str(value))


def settings_line(settings: Mapping[str, Any]) -> str:
    """Spell a table of settings: "loudness 0.1, tilt low=0.5 high=-0.25"."""
    return cut(", ".join(f"{cut(str(key))} {spelled(each)}" for key, each in _first(settings)))


def cut(text: str) -> str:
    """Shorten what a stranger may have made as long as he liked."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _first(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(table.items())[:MOST]
