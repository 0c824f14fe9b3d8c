"""What a part of a model learnt, as lines for people; whatever the plugin, or stranger, wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from distill_core.header import Header
from distill_core.presets import KEY

from .plain import LONGEST, cut, spelled

MOST = 40  # records of a list, and names of presets
WIDEST = 24  # characters of a column of names
SHARES = {"variance", "share"}  # numbers by these keys are parts of a whole
PLAIN = str | int | float | bool


def learnt_lines(extras: Any) -> Iterator[str]:
    """Give lines of what people can use in a part's extras; tables within tables are left to JSON.

    A list of records that have a "name" becomes a line a record, plain values a line together.
    """
    if not isinstance(extras, Mapping):
        return
    plain = [f"{cut(key)} {spelled(value)}" for key, value in _plain(extras)]
    if plain:
        yield f"learnt    {cut(', '.join(plain))}"
    for key, value in extras.items():
        records = [each for each in value if _is_record(each)] if isinstance(value, list) else []
        if records:
            yield cut(key)
            width = min(WIDEST, max(len(each["name"]) for each in records[:MOST]))
            yield from (f"  {_record(each, width)}" for each in records[:MOST])
        if len(records) > MOST:
            yield f"  … and {len(records) - MOST} more"


def preset_names(header: Header) -> list[str]:
    """Give the names of a file's presets, saved ones last, as many as a line has place for."""
    parts = [each for each in header.extras.values() if isinstance(each, dict)]
    made = [each[KEY] for each in parts if isinstance(each.get(KEY), dict)]
    names = list(dict.fromkeys(cut(name) for table in [*made, header.presets] for name in table))
    shown: list[str] = []
    for name in names:
        if len(shown) == MOST or sum(map(len, shown)) + len(name) > LONGEST:
            return [*shown, f"… and {len(names) - len(shown)} more"]
        shown.append(name)
    return shown


def _record(record: Mapping[str, Any], width: int) -> str:
    """Spell a record: its name in a column of some width, then its numbers and words."""
    rest = [(key, value) for key, value in _plain(record) if key != "name"]
    told = [f"{cut(key)} {_value(key, value)}" for key, value in rest]
    return cut("  ".join([cut(record["name"]).ljust(width), ", ".join(told)]).rstrip())


def _value(key: str, value: Any) -> str:
    """Spell a value; a share as per cent."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{100 * value:.3g} %" if key in SHARES and is_number else spelled(value)


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _plain(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in table.items() if isinstance(value, PLAIN)][:MOST]
